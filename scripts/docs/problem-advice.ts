import type { ProblemType } from '@barback/shared/wire/problem.ts';

/** What somebody who meets a problem can do; the compiler asks for every type. */
export const problemAdvice: Readonly<Record<ProblemType, string>> = {
  'invalid-token':
    'Send a valid API key as `Authorization: Bearer KEY`; between api and agent: compare the configured keys.',
  'clock-skew': 'The api signs again with the time of the agent by itself; if it stays, set both clocks right.',
  'epoch-mismatch': 'The agent was restarted; the api asks again by itself.',
  'token-replayed':
    'Somebody sent a request of the api a second time. Look at the audit log and at who can read that network.',
  forbidden: 'Use a key of a role that may do this; `next` names the roles.',
  'approval-required': 'Let somebody else approve the plan: `POST /v1/plans/{id}/approvals` with its hash.',
  'not-found': 'Look at the list that `next` names. A key for some servers does not see those of others.',
  'backup-not-found': 'List the backups: `GET /v1/servers/{name}/backups`; make one when there is none.',
  'method-not-allowed': 'Use a method of the `Allow` header.',
  'not-acceptable': 'Accept `application/json` or `text/plain`.',
  'operation-conflict':
    'An identifier was used for two different requests: a defect, or somebody interferes. Look at the audit log.',
  'fence-stale':
    'Another plan, perhaps of another api, has taken the server over. Find out who before you start anything.',
  'server-busy': 'Wait for the run that `next` names, or cancel it.',
  'plan-expired': 'Make a new plan; facts that old may have changed.',
  'plan-blocked':
    'Read the findings of the plan; remedy those that block, acknowledge those to confirm, then plan again.',
  'plan-outdated': 'Make a new plan with the same request: this version would not make it the same way.',
  'slot-in-use':
    'Somebody else than Barman reads WAL through the slot (`facts.usedBy`): stop that first, or leave the slot out. Nothing was dropped.',
  'nothing-kept':
    '`GET /v1/servers/{name}/kept` lists what can be put back; a state of an abandoned branch is restored by a new plan.',
  'agent-replaced':
    'The run was begun on a host whose agent has been replaced, and ended there. If that host comes back, look at it first: `barback-agent rescue status`.',
  'fence-incomplete':
    'The problem lists who is still connected. Live goes on, and the fence is lifted; end those sessions, then plan again.',
  'run-terminal': 'The run has ended; make a new plan.',
  'smoke-failed': 'The restored database is live and open. Correct the cause and resume the run, or plan its undo.',
  'copy-not-open':
    'Ask while the run waits at its inspect gate; `inspect: "promoted"` makes the role that questions need. A copy to `adopt` is one that waits at that gate, or was handed over there.',
  'gate-closed': 'The question was answered or its deadline has passed; look at the run.',
  'scratch-exists': 'A copy of this plan is there already; cancel the run or let the agent sweep it, then plan again.',
  'mirror-unreachable':
    'Nothing is lost: what has arrived stays. Look at the box and the network; the next run goes on.',
  'mirror-refused': 'Compare the host key with what the owner of the box publishes, or install the public key there.',
  'mirror-failed': 'Read what rsync says, and the log of the job. The mirror is as restorable as before.',
  'mirror-damaged':
    'Run the mirror with compareContents, which sends the damaged files again; find out what happened to the box.',
  'no-mirror': "Name one under mirror of the server in the agent's configuration, and start the executor again.",
  'quiet-hours': 'Nothing: what is scheduled begins when they end. Start it by hand if it cannot wait.',
  'schedule-exists': 'Replace the schedule that `next` names, or choose another name.',
  'idempotency-key-reused': 'Send a new `Idempotency-Key` with a new request.',
  'plan-changed': 'Read the plan again; its hash is not the one you named.',
  'payload-too-large': 'Send less; a body has at most 1 MiB.',
  'unsupported-media-type': 'Send JSON as `Content-Type: application/json`, in UTF-8, not compressed.',
  'malformed-json': 'Send one JSON value, each key once.',
  'validation-failed': '`facts.errors` names each fault by its JSON pointer; `/openapi.json` describes every request.',
  'unknown-operation': 'Api and agent have different versions: upgrade the older one.',
  'unknown-server': "Add the server to the agent's configuration under the same name.",
  'target-ambiguous':
    'The target exists on several branches. `facts.branches` has the target to write for each of them; `GET /v1/servers/{name}/window` shows the branches.',
  'index-behind':
    'WAL around the target has not been read yet: ask again in a moment. `GET /v1/servers/{name}/window` tells how much is still to read.',
  'plan-void': 'What the plan was made from has changed (`facts.differences`): nothing was touched. Make a new plan.',
  'stopped-elsewhere':
    'Recovery stopped at another transaction than the plan promised. The copy was deleted and live not touched; report it with `facts`.',
  'target-unreachable': '`next` says which target can be reached.',
  'rate-limited': 'Wait as long as `Retry-After` says.',
  internal: 'Look for the `instance` in the log of the program and report it as a defect.',
  'agent-unreachable':
    'Look whether gateway and executor run on the host and the network lets the api through. A run goes on by itself.',
  'bad-agent-response':
    'Something else than the enrolled agent answers: compare certificate and keys before you go on.',
  'unsupported-version': 'Use versions that the documentation lists as tested.',
  'unsupported-backup': 'Make a full, plain backup with Barman; the reason is in the detail.',
  'barman-failed': 'Run the command of the detail by hand as the user of Barman; `barman check` helps.',
  'barman-output-unknown': 'The version of Barman prints something new; report it with the output in the detail.',
  'postgres-failed': 'Read the lines of the log in the facts.',
  'manifest-mismatch': 'The backup is damaged: use another one, and check the disk of Barman.',
  'wal-missing': 'Bring the file that the detail names back into the archive, or choose a target before it.',
  'tablespace-created':
    'Replaying the creation of a tablespace would use the directory of production: make a base backup, and choose a target behind its end or before the creation.',
  'target-not-reached':
    'No commit lies behind the target in the WAL that Barman holds: choose an earlier time, or `latest`.',
  'recovery-failed': 'Read the lines of the log in the facts.',
  'extract-refused':
    'Read which table or schema stands in the way: name tables that are there at the target, and a schema that is not on live yet.',
  'import-refused': 'Read what stands in the way; nothing was changed.',
  'import-failed':
    "Read pg_dump's or pg_restore's last words. The fresh database and the dump are deleted, live was not touched: plan again.",
  'import-differs': 'Tables are not as the source had them: what was loaded is dropped, live was not touched.',
  'source-unreachable':
    "Look whether this host is among the source's trusted addresses, and at role, passwordFile and caFile of the import.",
  'database-changed': 'Somebody has renamed or replaced a database since the plan was made: plan again.',
  'database-in-use': 'End what keeps the database busy (pg_stat_activity, pg_prepared_xacts), and plan again.',
  'provision-refused': 'Read what stands in the way; nothing was changed.',
  'provision-failed':
    "Read Terraform's last words, look at its state by hand, correct the cause, and plan again: what was made is in the state.",
  'provision-locked':
    'Wait until whoever holds the lock has ended; a lock that nobody holds is taken off by `terraform force-unlock`.',
  'provision-changed': 'The configuration, the state or the world has changed since: plan again, and approve that.',
  'not-enrolled':
    'Look at the log of cloud-init and of barback-executor on the new host, let it enrol (a token works once, for its time), then resume the run.',
  'probe-refused': 'A probe is one statement that only reads.',
  'probe-failed': 'Run the probe on live; if it passes there, the backup lacks what it asks for.',
  'comparison-failed':
    'Compare the tables in the result of the run; change the bounds of the server when the loss is meant.',
  'amcheck-failed': 'The restored relations are damaged: check live with pg_amcheck too, and use an older backup.',
  'insufficient-space': 'Free as many bytes as the detail says, or configure a larger scratch directory.',
  'location-unsafe':
    "A path is not what the agent's configuration says (a link, a mount, another owner): find out who changed it.",
  'application-refused':
    'The application was left as it is: let a deployment under way end, or stop it in another way; `next` says which.',
  'application-failed':
    'The detail says whether the application runs. Stop or start it by hand where it must be, then let the run go on.',
  'application-unreachable':
    'Look whether Dokploy or the receiver of the webhook runs, and whether the api reaches it. What was asked of it may have been done.',
  'secret-unusable':
    "Put the secret into a file of mode 0600 of the api's user, and name the file under `secrets` in its configuration.",
  'time-limit': 'The operation took longer than it may; look at the load of the host.',
  cancelled: 'Somebody cancelled the run; everything was put back.',
  'job-lost': 'The runner of the job was killed; the agent looks at what is there, and the run puts everything back.',
  'no-such-job': 'The agent has never seen this job; the run starts it again or puts everything back.',
  'agent-unavailable': 'The agent is starting or stopping; the run goes on by itself.',
};
