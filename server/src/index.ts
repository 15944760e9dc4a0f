// The server as other packages of this repository may use it: a node, its configuration and its cluster, what
// the launcher puts before nodes, and ports that are free for them.

export { type NodeOptions, type RunningNode, startNode } from './app.ts';
export { type Config, type ConfigResult, loadConfig, readConfig } from './config.ts';
export { freeTcpPort, freeTcpPorts, freeUdpPort } from './launcher/free-ports.ts';
export { openFrontDoor } from './launcher/front-door.ts';
export { buildWebClient } from './launcher/web-build.ts';
export { type OpenClusterOptions, openCluster } from './open-cluster.ts';
