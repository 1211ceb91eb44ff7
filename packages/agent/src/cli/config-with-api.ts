import type { EnrolmentToken } from '@barback/shared/wire/enrolment.ts';
import { isMap, isSeq, parseDocument } from 'yaml';

type Api = Pick<EnrolmentToken['api'], 'id' | 'publicKey'>;

/**
 * The text of the agent's configuration with an api that it obeys, everything else and its comments as they are; null when it obeys it
 * already. Throws when it knows the api by another key. Pure.
 */
export function withApi(text: string, { id, publicKey }: Api): string | null {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw new Error('the configuration of the agent is no YAML: barback-agent check-config says where');
  }
  const apis = document.get('apis');
  const known = (isSeq(apis) ? (apis.toJSON() as { id?: unknown; publicKey?: { x?: unknown } }[]) : []).find(
    (one) => one.id === id,
  );
  if (known !== undefined) {
    if (known.publicKey?.x === publicKey.x) return null;
    throw new Error(
      `the configuration knows ${id} by another key: remove that entry of apis if the token is to be trusted`,
    );
  }
  if (isSeq(apis)) apis.add(document.createNode({ id, publicKey }));
  else document.set('apis', [{ id, publicKey }]);
  return document.toString({ lineWidth: 0 });
}
