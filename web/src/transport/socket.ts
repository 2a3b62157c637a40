// The local server: one WebSocket at the page's own place, the token as its first message.

import type { Carrier } from './transport';

export function socketCarrier(token: string): Carrier {
    const address = new URL('session', document.baseURI);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    address.hash = '';
    address.search = '';
    let socket: WebSocket;
    return {
        open(onMessage, onEnd) {
            return new Promise((resolve, reject) => {
                socket = new WebSocket(address);
                socket.binaryType = 'arraybuffer';
                let opened = false;
                socket.onopen = () => {
                    opened = true;
                    socket.send(token);
                    resolve();
                };
                socket.onmessage = event => {
                    if (event.data instanceof ArrayBuffer) onMessage(event.data);
                };
                socket.onclose = event => {
                    const reason = event.code === 4401 ? 'token' : event.reason || 'closed';
                    if (opened) onEnd(reason);
                    else reject(new Error(reason));
                };
            });
        },
        send: text => socket.send(text),
        close: () => socket.close(),
    };
}
