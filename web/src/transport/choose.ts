// Which host: the local server when the page came from it, otherwise the engine in a worker of this page.

import { socketCarrier } from './socket';
import type { Carrier } from './transport';
import { workerCarrier } from './worker';

const KEY = 'downhill.token';

/**
 * Takes the start-up token out of the address, at once, so that it is never in a link that is passed on. It is kept
 * for this tab alone, so that reloading the page finds the server again.
 */
export function takeToken(): string | undefined {
    const parts = location.hash.replace(/^#/, '').split('&');
    const found = parts.find(part => part.startsWith('token='));
    try {
        if (found === undefined) return sessionStorage.getItem(KEY) ?? undefined;
        const token = decodeURIComponent(found.slice('token='.length));
        const rest = parts.filter(part => part !== found && part !== '').join('&');
        history.replaceState(null, '', location.pathname + location.search + (rest === '' ? '' : '#' + rest));
        sessionStorage.setItem(KEY, token);
        return token;
    } catch {
        return found?.slice('token='.length);
    }
}

/**
 * The socket where there is a token, the worker otherwise; `?engine=worker` asks for the worker on the local server
 * too.
 */
export async function openCarrier(token: string | undefined): Promise<Carrier> {
    const wish = new URLSearchParams(location.search).get('engine');
    return token !== undefined && wish !== 'worker' ? socketCarrier(token) : workerCarrier();
}
