// C0 and C1 controls (colours, cursor movement), bidirectional and invisible format characters, line separators, unpaired surrogates.
const unsafe =
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** Text that came from elsewhere, safe to show on a terminal in one line: what could move or reorder it is written as `\u{…}`. */
export function plain(text: string): string {
  return text.replaceAll(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
