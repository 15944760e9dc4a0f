// What other rooms use to bring a real cluster and people at real browsers together.

export { openProfile, preferredBrowser } from './browser.ts';
export { RunningCluster } from './cluster.ts';
export { digest } from './digest.ts';
export { Person } from './person.ts';
