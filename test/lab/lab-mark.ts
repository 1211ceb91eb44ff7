/** Variable in the environment of a lab's processes by which `labDown` finds them. */
export const LAB_MARK = 'BARBACK_LAB';
