// Titles and summaries of scenes in the reader's language.

import { texts, type Message } from '../text';
import { scenes, type SceneEntry } from './table';

const of = (part: 'title' | 'about') =>
    texts(Object.fromEntries(scenes.map(scene => [scene.name, scene[part]])) as Record<string, Message>);
const titles = of('title');
const abouts = of('about');

export const titleOf = (scene: SceneEntry) => titles(scene.name);
export const aboutOf = (scene: SceneEntry) => abouts(scene.name);
