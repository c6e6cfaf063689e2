/** Where Zapier receives: a place on this machine that keeps what it is sent. */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = { headers: IncomingHttpHeaders; content: string; body: any };

export class Receiver {
  readonly received: Received[] = [];
  /** What it answers with. */
  status = 200;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      let content = '';
      request.setEncoding('utf8').on('data', (part: string) => (content += part));
      request.on('end', () => {
        this.received.push({ headers: request.headers, content, body: JSON.parse(content) });
        response.writeHead(this.status).end();
      });
    });
  }

  static async start(): Promise<Receiver> {
    const made = new Receiver();
    await new Promise<void>((listening) => made.server.listen(0, '127.0.0.1', listening));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks/standard/1/abc/`;
  }

  /** Waits until so many have come; fails when they do not. */
  async wait(count: number, milliseconds = 20_000): Promise<Received[]> {
    const end = Date.now() + milliseconds;
    while (this.received.length < count && Date.now() < end) await new Promise((again) => setTimeout(again, 50));
    if (this.received.length < count) throw new Error(`${this.received.length} of ${count} deliveries came`);
    return this.received;
  }

  /** Waits long enough for what must not come. */
  async quiet(milliseconds = 3_000): Promise<void> {
    const before = this.received.length;
    await new Promise((over) => setTimeout(over, milliseconds));
    if (this.received.length > before) throw new Error(`${this.received.length - before} more deliveries came`);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
