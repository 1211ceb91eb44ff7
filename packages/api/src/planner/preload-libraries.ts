import type { Result } from '@barback/shared/operations/index.ts';

/** The libraries that live preloads, as PostgreSQL's list syntax separates them. */
export function preloadLibraries(host: Result<'host-facts'>): readonly string[] {
  const text = host.live?.settings['shared_preload_libraries'] ?? '';
  return text
    .split(',')
    .map((name) => name.trim().replaceAll('"', ''))
    .filter((name) => name !== '');
}

/** Those of live that the agent does not let a copy load. */
export function skippedLibraries(host: Result<'host-facts'>): readonly string[] {
  const allowed = new Set(host.preloadLibraries);
  return preloadLibraries(host).filter((name) => !allowed.has(name.replace(/^\$libdir\//, '')));
}
