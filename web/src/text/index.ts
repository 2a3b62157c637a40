// All text of the page comes from a catalog. English is complete; a further language is one more file of the same keys.

import { computed, signal } from '@preact/signals';
import { en } from './en';
import { mirrored, stretched } from './pseudo';

export type Message = string | { readonly one: string; readonly other: string };
export type Key = keyof typeof en;
export type TextCatalog = Readonly<Record<Key, Message>>;

/**
 * en-XA (longer, accented) and ar-XB (right to left) are made from English: they show what a real translation would
 * break.
 */
const catalogs: Readonly<
    Record<string, { readonly change?: (text: string) => string; readonly direction: 'ltr' | 'rtl' }>
> = {
    en: { direction: 'ltr' },
    'en-XA': { change: stretched, direction: 'ltr' },
    'ar-XB': { change: mirrored, direction: 'rtl' },
};

export const languages = Object.keys(catalogs);
export const language = signal('en');
const catalog = computed<TextCatalog>(() => inLanguage(en));
export const direction = computed(() => catalogs[language.value]!.direction);
const plural = computed(() => new Intl.PluralRules(language.value));

/** The text of a key with {names} filled in; `count` chooses between the forms of a plural. */
export function t(key: Key, values?: Values): string {
    return tell(catalog.value[key], values);
}

export type Values = Readonly<Record<string, string | number>>;

/** The words that a part which is loaded later brings along, such as a scene: t() for a catalog of its own. */
export function texts<K extends string>(own: Readonly<Record<K, Message>>): (key: K, values?: Values) => string {
    const told = computed(() => inLanguage(own));
    return (key, values) => tell(told.value[key], values);
}

function tell(message: Message, values: Values | undefined): string {
    const text =
        typeof message === 'string'
            ? message
            : message[plural.value.select(Number(values?.['count'] ?? 0)) === 'one' ? 'one' : 'other'];
    return values === undefined ? text : fill(text, values);
}

export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/**
 * The parts of a text with {names}, for sentences whose gaps are controls: a translation may order them as it likes.
 */
export function gaps(key: Key): readonly (string | { readonly gap: string })[] {
    const message = catalog.value[key];
    const text = typeof message === 'string' ? message : message.other;
    return text
        .split(/(\{\w+\})/)
        .filter(part => part !== '')
        .map(part => (part.startsWith('{') ? { gap: part.slice(1, -1) } : part));
}

function inLanguage<K extends string>(english: Readonly<Record<K, Message>>): Readonly<Record<K, Message>> {
    const change = catalogs[language.value]!.change;
    if (change === undefined) return english;
    const out: Record<string, Message> = {};
    for (const [key, message] of Object.entries(english as Record<string, Message>))
        out[key] =
            typeof message === 'string' ? change(message) : { one: change(message.one), other: change(message.other) };
    return out as Record<K, Message>;
}
