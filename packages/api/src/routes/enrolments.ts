import { z } from 'zod';
import { enrol } from '../servers/enrol.ts';
import { defineRoute } from './route.ts';
import { noParams, noQuery } from './schemas.ts';

const enrolledSchema = z
  .strictObject({
    server: z.string(),
    /** `changed`: the server had another agent, whose receipts are refused from now on. */
    how: z.enum(['added', 'changed']),
    agentId: z.string(),
    agentVersion: z.string(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Enrolled' });

const create = defineRoute({
  method: 'post',
  path: '/v1/enrolments',
  operationId: 'enrolAgent',
  summary: 'A new agent takes a server over: signed by its own key, with a key of the api that works once',
  needs: 'enrol',
  params: noParams,
  query: noQuery,
  body: z
    .strictObject({
      /** A compact JWS (`barback-enrolment+jwt`) that `barback-agent enroll` makes. */
      enrolment: z.string().max(30_000),
    })
    .meta({ id: 'EnrolmentRequest' }),
  answers: { 200: { description: 'The agent answered a signed question and is pinned', schema: enrolledSchema } },
  text: ({ server, how, agentVersion }: z.output<typeof enrolledSchema>) =>
    `${how} ${server}: the agent ${agentVersion} answered and was verified\n`,
  async handle({ body, principal, actor }, deps) {
    const { server, how, agentId, agentVersion } = await enrol(deps, { jws: body.enrolment, principal, actor });
    return { status: 200, view: { server, how, agentId, agentVersion, links: { server: `/v1/servers/${server}` } } };
  },
});

export const enrolmentRoutes = [create];
