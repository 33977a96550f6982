// Inbound HTTP.

export { clientTarget } from './client-target.ts'
export { type HttpServer, type ServerOptions, startServer } from './server.ts'
