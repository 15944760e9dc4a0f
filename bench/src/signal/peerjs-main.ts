// PeerJS' server as its README starts it, on loopback.
import { PeerServer } from 'peer';

PeerServer({ host: '127.0.0.1', port: Number(process.argv[2]) });
