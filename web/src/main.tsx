// Where the page starts: theme, language, a way to the engine, and the address.

import { batch, effect, signal } from '@preact/signals';
import { render } from 'preact';
import './look/fonts.css';
import './look/page.css';
import { App } from './app';
import { addressTheme, wearTheme } from './look/theme';
import { greet } from './panels/help';
import { takeDrops } from './panels/own';
import { arrival, ask, begin, depart, ended, setting, state } from './session';
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
        const opened = location.hash;
        await begin(connection, opened);
        followAddress(opened);
    } catch (error) {
        ended(error instanceof Error ? error.message : String(error));
    }
}

const sceneOf = (hash: string) => /[#&]scene=([^&]*)/.exec(hash)?.[1] ?? '';

/**
 * The address follows what is shown: another scene is another page to go back from, settings are not. And what is shown
 * follows the address, where it is pasted or gone back to: until that is opened, no answer to what was asked before may
 * write over it.
 */
function followAddress(opened: string): void {
    // As the engine wrote it, and as the browser spells it.
    let written = state.value?.hash ?? '';
    let seen = opened;
    const opening = signal(0);
    const write = (hash: string, moved: boolean) => {
        const to = hash === '' ? location.pathname + location.search : hash;
        if (moved) history.pushState(null, '', to);
        else history.replaceState(null, '', to);
        written = hash;
        seen = location.hash;
    };
    const follow = async () => {
        if (location.hash === seen) return;
        seen = location.hash;
        opening.value++;
        depart();
        await ask({ do: 'open', hash: seen });
        batch(() => {
            // What an address says is written as the engine writes it, in the place that was gone to.
            if (opening.value === 1 && location.hash === seen && state.value !== undefined)
                write(state.value.hash, false);
            opening.value--;
        });
    };
    if (location.hash === seen) write(written, false);
    else void follow();
    effect(() => {
        const wanted = setting('language', '');
        if (languages.includes(wanted)) language.value = wanted;
        const look = setting('theme', 'auto');
        addressTheme.value = look === 'light' || look === 'dark' || look === 'projector' ? look : 'system';
    });
    effect(() => {
        const hash = state.value?.hash;
        // An address that is gone to already, and whose event is still to come, is not written over either.
        if (hash === undefined || hash === written || opening.value > 0 || location.hash !== seen) return;
        write(hash, sceneOf(hash) !== sceneOf(written));
    });
    addEventListener('hashchange', () => void follow());
}
