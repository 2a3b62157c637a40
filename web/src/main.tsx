// Where the page starts: theme, language, a way to the engine, and the address.

import { effect } from '@preact/signals';
import { render } from 'preact';
import './look/fonts.css';
import './look/page.css';
import { App } from './app';
import { addressTheme, wearTheme } from './look/theme';
import { greet } from './panels/help';
import { takeDrops } from './panels/own';
import { arrival, ask, begin, ended, setting, state } from './session';
import { direction, language, languages } from './text';
import { openCarrier, takeToken } from './transport/choose';
import { Connection } from './transport/transport';

const token = takeToken();
const language0 = new URLSearchParams(location.hash.slice(1)).get('lang');
if (language0 !== null && languages.includes(language0)) language.value = language0;

wearTheme();
effect(() => {
    document.documentElement.lang = language.value;
    document.documentElement.dir = direction.value;
});
greet();
takeDrops();
render(<App />, document.getElementById('app')!);
void start();

async function start(): Promise<void> {
    try {
        const connection = await Connection.open(await openCarrier(token, part => (arrival.value = part)), ended);
        await begin(connection, location.hash);
        followAddress();
    } catch (error) {
        ended(error instanceof Error ? error.message : String(error));
    }
}

const sceneOf = (hash: string) => /[#&]scene=([^&]*)/.exec(hash)?.[1] ?? '';

/** The address follows the settings without a new entry in the history, and a pasted address changes the settings. */
function followAddress(): void {
    let own = location.hash;
    effect(() => {
        const wanted = setting('language', '');
        if (languages.includes(wanted)) language.value = wanted;
        const look = setting('theme', 'auto');
        addressTheme.value = look === 'light' || look === 'dark' || look === 'projector' ? look : 'system';
    });
    effect(() => {
        const hash = state.value?.hash;
        if (hash !== undefined && hash !== own) {
            // Another scene is another page to go back from; settings are not.
            const moved = sceneOf(hash) !== sceneOf(own);
            own = hash;
            const to = hash === '' ? location.pathname + location.search : hash;
            if (moved) history.pushState(null, '', to);
            else history.replaceState(null, '', to);
        }
    });
    addEventListener('hashchange', () => {
        if (location.hash === own) return;
        own = location.hash;
        void ask({ do: 'open', hash: location.hash });
    });
}
