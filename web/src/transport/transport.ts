// One request, one reply, over whatever carries messages. The two hosts differ in nothing else.

import { decode, type Decoded, type Reply, type Request } from '../protocol';

/** Carries messages to a session and back, in order. */
export interface Carrier {
    /** Resolves when the session takes requests. */
    open(onMessage: (message: ArrayBuffer) => void, onEnd: (reason: string) => void): Promise<void>;
    send(text: string): void;
    close(): void;
}

/** A request that the engine refused, with its sentence. */
export class Refused extends Error {
    constructor(readonly reply: Reply) {
        super(reply.error?.text ?? 'The engine refused the request.');
    }
}

export class Connection {
    private readonly waiting = new Map<number, { resolve(reply: Decoded): void; reject(error: Error): void }>();
    private next = 1;
    private ended: string | undefined;

    private constructor(
        private readonly carrier: Carrier,
        private readonly onEnd: (reason: string) => void,
    ) {}

    static async open(carrier: Carrier, onEnd: (reason: string) => void): Promise<Connection> {
        const connection = new Connection(carrier, onEnd);
        await carrier.open(
            message => connection.receive(message),
            reason => connection.end(reason),
        );
        return connection;
    }

    /** Sends a request; the reply, or {@link Refused}. */
    ask<T extends Reply = Reply>(request: Request): Promise<Decoded<T>> {
        if (this.ended !== undefined) return Promise.reject(new Error(this.ended));
        const id = this.next++;
        const reply = new Promise<Decoded>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
        this.carrier.send(JSON.stringify({ id, ...request }));
        return reply as Promise<Decoded<T>>;
    }

    close(): void {
        this.carrier.close();
        this.end('closed');
    }

    private receive(message: ArrayBuffer): void {
        const reply = decode(message);
        const waiter = this.waiting.get(reply.header.id);
        if (waiter === undefined) return;
        this.waiting.delete(reply.header.id);
        if (reply.header.ok) waiter.resolve(reply);
        else waiter.reject(new Refused(reply.header));
    }

    private end(reason: string): void {
        if (this.ended !== undefined) return;
        this.ended = reason;
        for (const waiter of this.waiting.values()) waiter.reject(new Error(reason));
        this.waiting.clear();
        this.onEnd(reason);
    }
}
