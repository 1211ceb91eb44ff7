import { connect } from 'node:net';
import path from 'node:path';
import type { LabPostgres } from '../lab/lab.ts';
import { openWay, type Way } from './way.ts';

/** A port of this machine that leads to a lab's PostgreSQL, which has none: as the address that an application has in its environment. */
export function openAddress(postgres: Pick<LabPostgres, 'host' | 'port'>): Promise<Way> {
  return openWay(() => connect(path.join(postgres.host, `.s.PGSQL.${postgres.port}`)));
}
