// What a scene is, and what it can use: its own values in the address, and numbers asked of the engine.

import { computed, effect, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Decoded, Reply, SceneRequest, SettingValue, Wanted } from '../protocol';
import { ask, clock, depart, hello, inquire, playing, reset, set, setting, state, visit } from '../session';
import type { SceneEntry } from './table';

export interface Scene {
    /** Settings of the playground that it begins with; what is not named has its default. */
    readonly begin?: Readonly<Record<string, SettingValue>>;
    /** Whether it shows the playground's network in training: then the bar has play, step, reset and the clock. */
    readonly trains?: boolean;
    /** What each frame of that training brings. */
    readonly wants?: Wanted;
    /** What is seen: a few sentences, a paragraph each. */
    readonly text: () => readonly string[];
    /** The live picture with its controls and its table. */
    readonly Picture: () => ComponentChildren;
    /** Two or three things to try. */
    readonly tries: readonly Try[];
    readonly question: Question;
    /** For who presents it: a few sentences each. */
    readonly notes: () => readonly string[];
}

export interface Try {
    readonly name: string;
    readonly text: () => string;
    readonly press: () => unknown;
}

/** A question that is answered by predicting and then running. */
export interface Question {
    readonly text: () => string;
    readonly options: readonly { readonly name: string; readonly text: () => string }[];
    /** Runs it in front of the reader's eyes and says which of the options came true, or none if it was refused. */
    readonly run: () => Promise<string | undefined>;
    /** Why. */
    readonly because: () => string;
}

/** Options whose texts go by their names. */
export function named<K extends string>(own: (key: K) => string, ...names: readonly K[]): Question['options'] {
    return names.map(name => ({ name, text: () => own(name) }));
}

// ---------------------------------------------------------------- values of the scene's own controls

// Written as `name:value;name:value` into one setting, so that they travel in the address as every setting does.
const pending = signal<string | undefined>(undefined);
let sending = false;
effect(() => {
    void visit.value;
    pending.value = undefined;
});

const values = computed(() => {
    const read = new Map<string, string>();
    for (const part of (pending.value ?? setting('sceneValues', '')).split(';')) {
        const colon = part.indexOf(':');
        if (colon > 0) read.set(part.slice(0, colon), part.slice(colon + 1));
    }
    return read;
});

/** A number of the scene's own, or where the address says none, or none that is a number, its start. */
export function number(name: string, otherwise: number): number {
    const text = values.value.get(name);
    const read = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
    return Number.isFinite(read) ? read : otherwise;
}

/** A word or a list of the scene's own. */
export function word(name: string, otherwise: string): string {
    return values.value.get(name) ?? otherwise;
}

/** One of a few words. */
export function choice<V extends string>(name: string, known: readonly V[], otherwise: V): V {
    const said = values.value.get(name) as V | undefined;
    return said !== undefined && known.includes(said) ? said : otherwise;
}

/** Changes values; `undefined` puts one back to its start. Shown at once, sent as fast as the engine takes them. */
export function put(changes: Readonly<Record<string, number | string | undefined>>): void {
    const next = new Map(values.value);
    for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) next.delete(name);
        else next.set(name, typeof value === 'number' ? String(tidy(value)) : value);
    }
    pending.value = [...next].map(([name, value]) => `${name}:${value}`).join(';');
    void send();
}

/** All values back to their start, but for those given. */
export function start(changes: Readonly<Record<string, number | string>> = {}): void {
    pending.value = '';
    put(changes);
}

const tidy = (value: number) => Number(value.toPrecision(6));

async function send(): Promise<void> {
    if (sending) return;
    sending = true;
    while (pending.value !== undefined) {
        const text = pending.value;
        await ask({ do: 'set', values: { sceneValues: text } });
        if (pending.value === text) pending.value = undefined;
    }
    sending = false;
}

// ---------------------------------------------------------------- numbers of the engine

export interface Asked<T extends Reply> {
    /** The latest reply there is; it may be of the request before while the next one is on its way. */
    readonly reply: Decoded<T> | undefined;
    readonly refused: string;
    /** Whether the reply is of the present request. */
    readonly fresh: boolean;
}

/**
 * Asks whenever the request changes, or `when` does (the update of the network, for instance): one at a time, the
 * latest wins. Nothing is asked while the request is undefined.
 */
export function useReply<T extends Reply>(request: SceneRequest | undefined, when: unknown = 0): Asked<T> {
    const [pull] = useState(() => new Puller<T>());
    const [shown, show] = useState<Omit<Asked<T>, 'fresh'> & { readonly of: string }>({
        reply: undefined,
        refused: '',
        of: '',
    });
    const text = request === undefined ? '' : `${JSON.stringify(request)} ${String(when)}`;
    useEffect(() => {
        if (request === undefined) return;
        pull.ask(request, text, show);
    }, [text]);
    useEffect(() => () => pull.end(), []);
    return { reply: shown.reply, refused: shown.refused, fresh: shown.of === text && text !== '' };
}

/** Changes with the network, but holds still while it trains: for questions that take longer than a frame. */
export function useRested(): string {
    const now = `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`;
    const held = useRef(now);
    if (!playing.value) held.current = now;
    return held.current;
}

type Shown<T extends Reply> = { readonly reply: Decoded<T> | undefined; readonly refused: string; readonly of: string };

class Puller<T extends Reply> {
    private next: { request: SceneRequest; text: string; show: (shown: Shown<T>) => void } | undefined;
    private busy = false;
    private last: Decoded<T> | undefined;
    private ended = false;

    ask(request: SceneRequest, text: string, show: (shown: Shown<T>) => void): void {
        this.next = { request, text, show };
        if (!this.busy) void this.go();
    }

    end(): void {
        this.ended = true;
    }

    private async go(): Promise<void> {
        this.busy = true;
        while (this.next !== undefined && !this.ended) {
            const { request, text, show } = this.next;
            this.next = undefined;
            let refused = '';
            try {
                this.last = await inquire<T>(request);
            } catch (error) {
                refused = error instanceof Error ? error.message : String(error);
            }
            if (!this.ended) show({ reply: this.last, refused, of: text });
        }
        this.busy = false;
    }
}

// ---------------------------------------------------------------- coming and going

/** The scene that is open, once it is loaded. */
export const open = signal<{ readonly entry: SceneEntry; readonly scene: Scene } | undefined>(undefined);
export const presenting = signal(false);

/** Every setting of data, network and training as the scene begins. */
export function beginning(scene: Scene): Record<string, SettingValue> {
    const own = (hello.value?.properties ?? []).filter(property => property.group !== 'view');
    return { ...Object.fromEntries(own.map(p => [p.name, p.default])), ...scene.begin };
}

export async function goTo(entry: SceneEntry): Promise<void> {
    const here = depart();
    const { default: scene } = await entry.load();
    if (visit.peek() !== here) return;
    await set({ ...beginning(scene), scene: entry.name, sceneValues: '' });
    if (scene.trains === true) await reset();
    open.value = { entry, scene };
    scrollTo(0, 0);
}

/** The scene as it begins. */
export async function startAgain(): Promise<void> {
    if (open.value !== undefined) await goTo(open.value.entry);
}

/** To the index of the course, or with '' to the playground as it stands. */
export function leave(to: 'course' | ''): Promise<unknown> {
    depart();
    presenting.value = false;
    return ask({ do: 'set', values: { scene: to, sceneValues: '' } });
}
