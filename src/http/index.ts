// Inbound HTTP.

export { type HttpServer, type ServerOptions, startServer } from './server.ts'
