// The scenes of the lecture, in its order. Adding one: its file in this folder and its line here.

import type { Message } from '../text';
import type { Scene } from './scene';

export interface SceneEntry {
    /** In the address: `scene=…`. */
    readonly name: string;
    /** Rows of the lecture. */
    readonly rows: string;
    readonly part: 'unit' | 'network' | 'learning' | 'beyond';
    /** What it is called, and what it shows in a line. */
    readonly title: Message;
    readonly about: Message;
    readonly load: () => Promise<{ readonly default: Scene }>;
}

// prettier-ignore
export const scenes: readonly SceneEntry[] = [
    { name: 'neuron', rows: 'L1 L2', part: 'unit', title: 'Neuron', about: 'Weights, a sum, a bias, a curve: one unit with every number on a handle.', load: () => import('./neuron') },
    { name: 'perceptron', rows: 'L3', part: 'unit', title: 'Perceptron', about: 'A line that learns from its mistakes, and a proof where no line can.', load: () => import('./perceptron') },
    { name: 'regions', rows: 'L4 L6', part: 'network', title: 'Regions', about: 'How lines become regions: cells, which units are on in them, and what is made of it.', load: () => import('./regions') },
    { name: 'solid', rows: 'L6', part: 'network', title: 'Three inputs', about: 'The same in space: planes, cells, and the decision surface as a solid to turn.', load: () => import('./solid') },
    { name: 'ink', rows: 'L7 L8', part: 'network', title: 'Ink', about: 'Draw a digit of 16 × 16 cells and see what a network reads, and why.', load: () => import('./ink') },
    { name: 'counting', rows: 'L20', part: 'network', title: 'Counting', about: 'How many numbers a network learns, link by link.', load: () => import('./counting') },
    { name: 'cost', rows: 'L9', part: 'learning', title: 'Cost', about: 'A bar for each example, and their sum: squared error against cross-entropy.', load: () => import('./cost') },
    { name: 'surface', rows: 'L10 L11', part: 'learning', title: 'Error surface', about: 'The true surface of a live network over two of its weights, and the way down.', load: () => import('./surface') },
    { name: 'hand', rows: 'L12 L13', part: 'learning', title: 'By hand', about: 'Every derivative of the simplest network, as symbol and number, and a quiz.', load: () => import('./hand') },
    { name: 'minima', rows: 'L14', part: 'learning', title: 'Minima', about: 'Many starts at once, and where each ends; minimum, saddle or plateau by curvature.', load: () => import('./minima') },
    { name: 'momentum', rows: 'L15', part: 'learning', title: 'Momentum', about: 'A ball with mass beside one without, on the same surface.', load: () => import('./momentum') },
    { name: 'batches', rows: 'L16 L17', part: 'learning', title: 'Batches', about: 'One example, a mini-batch and all examples, side by side from one start.', load: () => import('./batches') },
    { name: 'rates', rows: 'L18', part: 'learning', title: 'Learning rates', about: 'The gradient layer by layer; one η for all, or a rate for each layer.', load: () => import('./rates') },
    { name: 'stopping', rows: 'L19', part: 'learning', title: 'Stopping', about: 'Three curves, the stop of every rule, and the best weights back.', load: () => import('./stopping') },
    { name: 'graph', rows: 'L23', part: 'beyond', title: 'Graph', about: 'The network as a graph: values forward, derivatives backward, a layer taken apart.', load: () => import('./graph') },
    { name: 'gradients', rows: 'L23', part: 'beyond', title: 'Gradients', about: 'One derivative by three methods, and what each costs as networks grow.', load: () => import('./gradients') },
    { name: 'ecosystem', rows: 'L21', part: 'beyond', title: 'Ecosystem', about: 'The trained network taken out as ONNX, safetensors or code, and read back in.', load: () => import('./ecosystem') },
];
