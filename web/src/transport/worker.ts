// The engine as WebAssembly in a module worker of this page: no server at all.

import type { Carrier } from './transport';

export function workerCarrier(): Carrier {
    let worker: Worker;
    return {
        open(onMessage, onEnd) {
            return new Promise((resolve, reject) => {
                worker = new Worker(new URL('./engine.ts', import.meta.url), { type: 'module' });
                let ready = false;
                const fail = (reason: string) => (ready ? onEnd(reason) : reject(new Error(reason)));
                worker.onmessage = event => {
                    if (event.data instanceof ArrayBuffer) {
                        onMessage(event.data);
                    } else if (event.data === 'ready') {
                        ready = true;
                        resolve();
                    } else {
                        fail(String(event.data));
                    }
                };
                worker.onerror = event => {
                    event.preventDefault();
                    fail(event.message ?? '');
                };
                // Workers have no document: the page says where it lies.
                worker.postMessage(document.baseURI.replace(/[?#].*$/, ''));
            });
        },
        send: text => worker.postMessage(text),
        close: () => worker.terminate(),
    };
}
