// One request, one reply, over whatever carries messages. The two hosts differ in nothing else.

import { decode, type Decoded, type Reply, type Request } from '../protocol';

/** Carries messages to a session and back, in order. */
export interface Carrier {
    /** Resolves when the session takes requests. */
    open(onMessage: (message: ArrayBuffer) => void, onEnd: (reason: string) => void): Promise<void>;
    send(text: string): void;
    close(): void;
}

/** How much of the engine has been loaded: its files, counted. */
export interface Arrival {
    readonly loaded: number;
    readonly total: number;
}

/** A request that the engine refused, with its sentence. */
export class Refused extends Error {
    constructor(text: string | undefined) {
        super(text ?? 'The engine refused the request.');
    }
}

/** Above which length a request is refused before it is sent, and with what words. */
export interface Limit {
    readonly bytes: number;
    readonly text: () => string;
}

export class Connection {
    /** As the engine's hello says it. */
    limit: Limit | undefined;
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
        const text = JSON.stringify({ id, ...request });
        // No byte fewer than letters; what other letters add is for the other side to count.
        if (this.limit !== undefined && text.length > this.limit.bytes)
            return Promise.reject(new Refused(this.limit.text()));
        const reply = new Promise<Decoded>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
        this.carrier.send(text);
        return reply as Promise<Decoded<T>>;
    }

    close(): void {
        this.carrier.close();
        this.end('closed');
    }

    private receive(message: ArrayBuffer): void {
        const reply = decode(message);
        // A request that was too long to be read has no number; replies come in order, so it is the one waited for
        // longest.
        const id = reply.header.id < 0 ? (this.waiting.keys().next().value ?? -1) : reply.header.id;
        const waiter = this.waiting.get(id);
        if (waiter === undefined) return;
        this.waiting.delete(id);
        if (reply.header.ok) waiter.resolve(reply);
        else waiter.reject(new Refused(reply.header.error?.text));
    }

    private end(reason: string): void {
        if (this.ended !== undefined) return;
        this.ended = reason;
        for (const waiter of this.waiting.values()) waiter.reject(new Error(reason));
        this.waiting.clear();
        this.onEnd(reason);
    }
}
