// Puts a theme on the page: custom properties through the CSSOM, which a strict content security policy allows.

import { computed, effect, signal } from '@preact/signals';
import { classInks, divergingTable, themes, word, type Theme, type ThemeName } from './themes';
import { parseHex } from './colour';

export type ThemeChoice = ThemeName | 'system';

const KEY = 'downhill.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(dark.matches);
dark.addEventListener('change', event => (systemIsDark.value = event.matches));

export const themeChoice = signal<ThemeChoice>(remembered());
/** What the address asks for; the reader's own choice goes before it. */
export const addressTheme = signal<ThemeChoice>('system');
export const themeName = computed<ThemeName>(() => {
    const choice = themeChoice.value !== 'system' ? themeChoice.value : addressTheme.value;
    return choice !== 'system' ? choice : systemIsDark.value ? 'dark' : 'light';
});
export const theme = computed<Theme>(() => themes[themeName.value]);
export const diverging = computed(() => divergingTable(theme.value));
export const zeroInk = computed(() => word(parseHex(theme.value.ink)));
export const classColours = computed(() => classInks[themeName.value]);

const reduced = matchMedia('(prefers-reduced-motion: reduce)');
export const reducedMotion = signal(reduced.matches);
reduced.addEventListener('change', event => (reducedMotion.value = event.matches));

export function wearTheme(): void {
    effect(() => {
        const root = document.documentElement;
        root.dataset['theme'] = themeName.value;
        for (const [name, value] of Object.entries(theme.value))
            root.style.setProperty('--' + name.replace(/[A-Z]/g, letter => '-' + letter.toLowerCase()), value);
        classColours.value.forEach((ink, k) => root.style.setProperty(`--class-${k}`, ink));
    });
    effect(() => {
        try {
            localStorage.setItem(KEY, themeChoice.value);
        } catch {
            // Private windows may refuse storage: the choice then lasts as long as the page.
        }
    });
}

function remembered(): ThemeChoice {
    try {
        const name = localStorage.getItem(KEY);
        return name === 'light' || name === 'dark' || name === 'projector' ? name : 'system';
    } catch {
        return 'system';
    }
}
