import { expect, test } from 'vitest';
import { en } from '../src/text/en';
import { fill, gaps, language, languages, t, type Key } from '../src/text';
import { mirrored, stretched } from '../src/text/pseudo';

const sources = Object.entries(
    import.meta.glob<string>('../src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true }),
).map(([path, text]) => [path.slice('../src/'.length), text] as const);

test('every text that the page asks for is in the catalog, and none is left over', () => {
    const all = sources
        .filter(([name]) => !name.startsWith('text'))
        .map(([, text]) => text)
        .join('\n');
    const asked = new Set([...all.matchAll(/'([a-z]+(?:\.[\w-]+)*)'/gi)].map(m => m[1]!));
    const prefixes = [...all.matchAll(/`([a-z]+(?:\.[\w-]+)*\.)\$\{/gi)].map(m => m[1]!);
    for (const key of [...all.matchAll(/\bt\('([^']+)'/g)].map(m => m[1]!)) expect(en).toHaveProperty([key]);
    for (const key of Object.keys(en))
        expect(asked.has(key) || prefixes.some(prefix => key.startsWith(prefix)), `'${key}' is never shown`).toBe(true);
});

test('gaps survive every catalog', () => {
    const names = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(m => m[0]).sort();
    for (const message of Object.values(en).flatMap(m => (typeof m === 'string' ? [m] : [m.one, m.other]))) {
        expect(names(stretched(message))).toEqual(names(message));
        expect(names(mirrored(message))).toEqual(names(message));
    }
});

test('stretched text is a third longer', () => {
    for (const message of Object.values(en).filter(m => typeof m === 'string'))
        expect(stretched(message).length).toBeGreaterThan(message.length * 1.3);
});

test('plurals follow the count', () => {
    expect(t('inspect.parameters', { count: 1 })).toBe('parameter');
    expect(t('inspect.parameters', { count: 65 })).toBe('parameters');
});

test('every language has every key', () => {
    for (const name of languages) {
        language.value = name;
        for (const key of Object.keys(en) as Key[]) expect(t(key).length).toBeGreaterThan(0);
    }
    language.value = 'en';
});

test('a sentence falls into its gaps and the text between', () => {
    expect(gaps('link.title')).toEqual(['From ', { gap: 'from' }, ' to ', { gap: 'to' }]);
    expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
});

test('no text is written into the page', () => {
    for (const [name, text] of sources.filter(([file]) => file.endsWith('.tsx'))) {
        const words = [...text.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+)[^<{]*</g)].map(m => m[1]!);
        expect(words, name).toEqual([]);
    }
});
