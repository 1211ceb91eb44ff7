import { z } from 'zod';
import { checkSecrets } from '../servers/check-secrets.ts';
import { serverSettingsSchema } from '../planner/plan-document.ts';
import { sees } from '../keys/principal.ts';
import { renderBackups, renderServer, renderServers } from '../render/render-server.ts';
import { backupList, backupListSchema } from '../servers/backup-view.ts';
import { describeServer, inspectServer } from '../servers/describe-server.ts';
import { changeSettings, loadServer, loadServers } from '../servers/server-store.ts';
import { serverDetailSchema, serverViewSchema, type ServerView } from '../servers/server-view.ts';
import { defineRoute } from './route.ts';
import { noParams, noQuery, serverParams } from './schemas.ts';

const serverList = z.strictObject({ servers: z.array(serverViewSchema) }).meta({ id: 'Servers' });

const list = defineRoute({
  method: 'get',
  path: '/v1/servers',
  operationId: 'listServers',
  summary: 'The protected servers',
  needs: 'read',
  params: noParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'All that the key is for', schema: serverList } },
  text: renderServers,
  handle({ principal }, { database }) {
    const visible = loadServers(database.orm).filter((server) => sees(principal, server.name));
    return { status: 200, view: { servers: visible.map((server) => describeServer(database.orm, server)) } };
  },
});

const show = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}',
  operationId: 'getServer',
  summary: 'One server, with what its agent observes now',
  needs: 'read',
  params: serverParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The server', schema: serverDetailSchema } },
  text: renderServer,
  async handle({ params, principal }, deps) {
    const server = loadServer(deps.database.orm, params.name, principal);
    return { status: 200, view: await inspectServer(deps, server, principal) };
  },
});

const backups = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/backups',
  operationId: 'listBackups',
  summary: "The server's backups as Barman's catalogue has them now, newest first",
  needs: 'read',
  params: serverParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The backups', schema: backupListSchema } },
  text: renderBackups,
  async handle({ params, principal }, { database, agents }) {
    const { name } = loadServer(database.orm, params.name, principal);
    const { result } = await agents.client(name).call('backup-list', { server: name }, { sub: principal.id });
    return { status: 200, view: backupList(name, result.backups) };
  },
});

const putSettings = defineRoute({
  method: 'put',
  path: '/v1/servers/{name}/settings',
  operationId: 'setServerSettings',
  summary: 'Replace the settings of a server: objectives, bounds, approvals, applications, smoke checks',
  needs: 'administer',
  params: serverParams,
  query: noQuery,
  body: serverSettingsSchema,
  answers: {
    200: {
      description: 'The server; plans that exist keep the settings they were made with',
      schema: serverViewSchema,
    },
  },
  text: (server: ServerView, now) => renderServers({ servers: [server] }, now),
  handle({ params, body, principal, actor }, { database, clock, integrations }) {
    const { name } = loadServer(database.orm, params.name, principal);
    checkSecrets(body, integrations.secrets.names);
    changeSettings(database, { name, settings: body, at: clock.now() }, actor);
    return { status: 200, view: describeServer(database.orm, loadServer(database.orm, name, principal)) };
  },
});

export const serverRoutes = [list, show, backups, putSettings];
