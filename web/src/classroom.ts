// Classroom mode: a teacher's link hides chosen controls. The names live in the setting `hide`, so they travel in the
// address.

import { computed } from '@preact/signals';
import { set, setting } from './session';

export const hideable = [
    'data',
    'noise',
    'train',
    'own',
    'features',
    'layers',
    'activation',
    'optimizer',
    'rate',
    'batch',
    'loss',
    'penalty',
    'schedule',
    'inspector',
    'timeline',
    'costs',
    'export',
    'speed',
    'stages',
] as const;

export type Hideable = (typeof hideable)[number];

const hidden = computed(() => new Set(setting<string[]>('hide', [])));
export const hides = (name: Hideable) => hidden.value.has(name);

export function hide(name: Hideable, on: boolean): void {
    const names = hideable.filter(other => (other === name ? on : hidden.value.has(other)));
    void set({ hide: names });
}
