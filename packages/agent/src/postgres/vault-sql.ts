import { z } from 'zod';

/**
 * What a new cluster would have to be like, without passwords and without what changes by itself. Columns that a version does not have are
 * simply not there (datcollversion since 15, datlocprovider since 15, daticulocale 15 and 16, datlocale since 17).
 */
export const clusterSql = `SELECT json_build_object(
  'version', current_setting('server_version'),
  'places', (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN ('data_directory', 'config_file', 'hba_file', 'ident_file', 'port', 'shared_preload_libraries', 'lc_messages', 'TimeZone')),
  'tablespaces', (SELECT coalesce(json_agg(json_build_object('name', spcname, 'location', pg_tablespace_location(oid)) ORDER BY spcname), '[]') FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''),
  'databases', (SELECT json_agg(json_build_object('name', datname, 'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
    'locale', (SELECT json_object_agg(key, value) FROM jsonb_each(to_jsonb(d)) WHERE key IN ('datcollate', 'datctype', 'datlocprovider', 'daticulocale', 'datlocale', 'datcollversion')),
    'connects', datallowconn) ORDER BY datname) FROM pg_database d),
  'roles', (SELECT json_agg(json_build_object('name', rolname, 'superuser', rolsuper, 'login', rolcanlogin, 'replication', rolreplication, 'createRole', rolcreaterole, 'createDatabase', rolcreatedb,
    'memberOf', (SELECT coalesce(json_agg(pg_get_userbyid(roleid) ORDER BY 1), '[]') FROM pg_auth_members m WHERE m.member = r.oid)) ORDER BY rolname) FROM pg_roles r WHERE rolname !~ '^pg_'));`;

export const clusterSchema = z.looseObject({
  databases: z.array(z.looseObject({ name: z.string(), connects: z.boolean() })),
});

export const extensionsSql = `SELECT coalesce(json_object_agg(extname, extversion ORDER BY extname), '{}') FROM pg_extension;`;

export const extensionsSchema = z.record(z.string(), z.string());

/** Names of those that could be installed. */
export const availableExtensionsSql = `SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM pg_available_extensions;`;
