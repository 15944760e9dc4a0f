// The server as other packages of this repository may use it: a node, its configuration and its cluster.

export { type NodeOptions, type RunningNode, startNode } from './app.ts';
export { type Config, type ConfigResult, loadConfig, readConfig } from './config.ts';
export { type OpenClusterOptions, openCluster } from './open-cluster.ts';
