// The engine as WebAssembly in a module worker of this page: no server at all.

import type { Carrier } from './transport';

export function workerCarrier(): Carrier {
    let worker: Worker;
    return {
        open(onMessage, onEnd) {
            return new Promise((resolve, reject) => {
                worker = new Worker(new URL('engine/worker.js', document.baseURI), { type: 'module' });
                let ready = false;
                worker.onmessage = event => {
                    if (event.data instanceof ArrayBuffer) {
                        onMessage(event.data);
                    } else if (event.data?.ready === true || event.data === 'ready') {
                        ready = true;
                        resolve();
                    } else if (event.data?.error !== undefined) {
                        (ready ? onEnd : (reason: string) => reject(new Error(reason)))(String(event.data.error));
                    }
                };
                worker.onerror = event => {
                    event.preventDefault();
                    const reason = event.message ?? 'worker';
                    if (ready)
                        onEnd(reason);
                    else
                        reject(new Error(reason));
                };
            });
        },
        send: text => worker.postMessage(text),
        close: () => worker.terminate(),
    };
}
