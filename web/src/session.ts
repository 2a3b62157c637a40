// What the page knows of the session, as signals, and the loop that pulls frames. Nothing here computes: every number
// shown came in a reply.

import { batch, computed, effect, signal } from '@preact/signals';
import type {
    BlockData,
    Clock,
    Decoded,
    ExportKind,
    Frame,
    Hello,
    LayerStatistics,
    Measures,
    Message,
    Reply,
    Request,
    Run,
    Runs,
    SceneRequest,
    SettingValue,
    State,
    Wanted,
} from './protocol';
import { t } from './text';
import { whole } from './text/numbers';
import { Refused, type Arrival, type Connection } from './transport/transport';

// ---------------------------------------------------------------- what was said

export const hello = signal<Hello | undefined>(undefined);
export const state = signal<State | undefined>(undefined);
export const clock = signal<Clock | undefined>(undefined);
export const measures = signal<Measures | undefined>(undefined);
export const statistics = signal<readonly LayerStatistics[]>([]);
/** What holds now: the diagnosis of the present network. */
const present = signal<readonly Message[]>([]);
/** What was said once, about an address or the data: shown until it is dismissed. */
const once = signal<readonly Message[]>([]);
export const messages = computed(() => [...present.value, ...once.value]);
export const isOnce = (message: Message) => once.value.includes(message);
export const dismissMessage = (message: Message) => (once.value = once.value.filter(other => other !== message));

const aboutAddress = (message: Message) => /^(address|ownData|open|data)/.test(message.code);

function hear(said: readonly Message[]): void {
    present.value = said.filter(message => !aboutAddress(message));
    const fresh = said.filter(
        message => aboutAddress(message) && !once.value.some(other => other.text === message.text),
    );
    if (fresh.length > 0) once.value = [...once.value, ...fresh];
}

export const speed = signal<{ readonly updates: number; readonly examples: number }>({ updates: 0, examples: 0 });
export const link = signal<'opening' | 'open' | 'ended'>('opening');
export const linkReason = signal('');
/** How much of the engine is here; undefined where nothing needs to be loaded. */
export const arrival = signal<Arrival | undefined>(undefined);
/** What the engine refused last, in its own words; shown until the next request that succeeds or until dismissed. */
export const refusal = signal('');

export interface Maps {
    readonly bytes: Uint8Array;
    readonly scales: Float32Array;
    readonly size: number;
}

export const unitMaps = signal<Maps | undefined>(undefined);
export const inputMaps = signal<Maps | undefined>(undefined);
export const outputMap = signal<Maps | undefined>(undefined);
export const parameters = signal<Float32Array | undefined>(undefined);

export interface Points {
    /** The row of the data that each point is; of very large sets only some are shown. */
    readonly rows: Int32Array;
    readonly xy: Float32Array;
    readonly targets: Float32Array;
    readonly parts: Uint8Array;
}

export interface Predictions {
    readonly outputs: Float32Array;
    readonly answers: Float32Array;
    readonly costs: Float32Array;
}

export const points = signal<Points | undefined>(undefined);
export const predictions = signal<Predictions | undefined>(undefined);

/** The curve: one array per column, as a plot wants them. */
export interface Curve {
    readonly update: number[];
    readonly epoch: number[];
    readonly train: number[];
    readonly test: number[];
    readonly penalty: number[];
}

const emptyCurve = (): Curve => ({ update: [], epoch: [], train: [], test: [], penalty: [] });
export const curve = signal<Curve>(emptyCurve());
export const runs = signal<readonly Run[]>([]);

// ---------------------------------------------------------------- what the user does

export const playing = signal(false);
/** How fast: two updates a second to watch, one update or one epoch per picture, or as fast as the engine can. */
export const paces = ['slow', 'update', 'epoch', 'full'] as const;
export type Pace = (typeof paces)[number];
const slow = signal(false);
export const pace = computed<Pace>(() => (slow.value ? 'slow' : (setting('speed', 'full') as Pace)));

export function setPace(to: Pace): void {
    slow.value = to === 'slow';
    if (to !== 'slow' && to !== setting('speed', 'full')) void set({ speed: to });
}

export type Selection =
    | { readonly kind: 'network' }
    | { readonly kind: 'unit'; readonly layer: number; readonly unit: number }
    | { readonly kind: 'link'; readonly layer: number; readonly unit: number; readonly from: number }
    | { readonly kind: 'layer'; readonly layer: number }
    | { readonly kind: 'example'; readonly row: number };

export const selection = signal<Selection>({ kind: 'network' });
/**
 * The first field of the inspector is to take the focus as soon as it is there: Enter on a unit leads into its
 * weights.
 */
export const enterInspector = signal(false);

/** The place at which arithmetic is shown: a point, by its place among those shown, or a place on the map. */
export const probe = signal<{ readonly row: number } | { readonly raw: readonly number[] }>({ row: 0 });

/** The row of the data behind a shown point. */
export const rowOf = (point: number) => points.value?.rows[point] ?? point;

/** How many cells across a unit's map is shown with: more would be lost, and its zero line would be noise. */
export const mapCells = signal(50);

/** What a scene needs of each frame, in place of the playground's own pictures. */
export const sceneWants = signal<Wanted | undefined>(undefined);

export const settings = computed(() => state.value?.settings ?? {});
export const isClasses = computed(() => (state.value?.data.classes.length ?? 0) > 0);
export const shownUnits = computed(() => state.value?.network.layers.map(layer => layer.units) ?? []);

type Widened<T> = T extends string ? string : T extends number ? number : T extends boolean ? boolean : T;

export function setting<T extends SettingValue>(name: string, otherwise: T): Widened<T> {
    const value = settings.value[name];
    return (value === undefined ? otherwise : value) as Widened<T>;
}

// ---------------------------------------------------------------- talking

let connection: Connection | undefined;
let pulling = false;
let stale = true;
let pointsOf = -1;
let inputsOf = -1;
let curveTimeline = -1;
let curveLast = -1;
let lastPull = 0;
let framesPulled = 0;

/** Takes over a fresh connection: says hello and opens the address. */
export async function begin(opened: Connection, hash: string): Promise<void> {
    connection = opened;
    const reply = await opened.ask<Hello>({ do: 'hello' });
    const bytes = reply.header.limits.requestBytes;
    opened.limit = { bytes, text: () => t('request.large', { limit: whole(bytes / 2 ** 20) }) };
    batch(() => {
        hello.value = reply.header;
        take(reply.header);
        link.value = 'open';
    });
    if (hash.length > 1) await ask({ do: 'open', hash });
    stale = true;
    requestAnimationFrame(pull);
}

export function ended(reason: string): void {
    batch(() => {
        link.value = 'ended';
        linkReason.value = reason;
        playing.value = false;
    });
}

/** Sends a request whose refusal the user should read; undefined when it was refused. */
export async function ask<T extends Reply = Reply>(request: Request): Promise<Decoded<T> | undefined> {
    if (connection === undefined) return undefined;
    try {
        const reply = await connection.ask<T>(request);
        batch(() => {
            refusal.value = '';
            take(reply.header);
        });
        return reply;
    } catch (error) {
        refusal.value = error instanceof Error ? error.message : String(error);
        if (!(error instanceof Refused)) console.error(error);
        return undefined;
    } finally {
        stale = true;
    }
}

/** Like {@link ask}, for requests the page makes on its own: a refusal is nobody's mistake and is not shown. */
export async function look<T extends Reply = Reply>(request: Request): Promise<Decoded<T> | undefined> {
    try {
        return await connection?.ask<T>(request);
    } catch {
        return undefined;
    }
}

/** Counts the pages that the reader went to: a scene, the index, the playground, another address. */
export const visit = signal(0);

/** The reader goes elsewhere; the number of the visit that begins. */
export function depart(): number {
    playing.value = false;
    return ++visit.value;
}

/**
 * An answer for as long as the reader stays. One who has left gets none, so that what was to be done with it (the rest
 * of a demonstration) does not happen to the page that came next.
 */
function whileHere<T>(answer: Promise<T>): Promise<T> {
    const here = visit.peek();
    return new Promise((resolve, reject) =>
        answer.then(
            value => void (visit.peek() === here && resolve(value)),
            error => void (visit.peek() === here && reject(error as Error)),
        ),
    );
}

export const set = (values: Record<string, SettingValue>) => whileHere(ask({ do: 'set', values }));
export const reset = (seed?: 'new' | number) => {
    playing.value = false;
    return whileHere(ask(seed === undefined ? { do: 'reset' } : { do: 'reset', seed }));
};

export async function step(by: 'epoch' | 'batch' | 'example' | 'stage', count = 1): Promise<void> {
    playing.value = false;
    await whileHere(ask({ do: 'step', by, count }));
    // Inside an update the arithmetic is that of the example at hand.
    const row = clock.value?.cursor?.row;
    const point = row === undefined ? -1 : (points.value?.rows.indexOf(row) ?? -1);
    if (point >= 0) probe.value = { row: point };
}

export function rewind(to: number): Promise<unknown> {
    playing.value = false;
    return ask({ do: 'rewind', to: Math.max(0, Math.round(to)) });
}

export function edit(layer: number, from: number, unit: number, value: number): Promise<unknown> {
    return whileHere(ask({ do: 'edit', layer, from, unit, value }));
}

export async function exportFile(
    kind: ExportKind,
): Promise<{ name: string; mime: string; bytes: Uint8Array } | undefined> {
    const reply = await ask<Reply & { name: string; mime: string }>({ do: 'export', as: kind });
    const bytes = reply?.blocks['file'];
    return reply === undefined || !(bytes instanceof Uint8Array)
        ? undefined
        : { name: reply.header.name, mime: reply.header.mime, bytes };
}

export async function refreshRuns(action: 'list' | 'keep' = 'list'): Promise<void> {
    const reply = await ask<Runs>({ do: 'runs', action });
    if (reply !== undefined) runs.value = reply.header.runs;
}

/** Asks one of the commands that a scene brings along, for a picture; rejects with what the engine refused. */
export async function inquire<T extends Reply>(request: SceneRequest): Promise<Decoded<T>> {
    if (connection === undefined) throw new Error('closed');
    return connection.ask<T>(request as unknown as Request);
}

/** The same for what a scene does step by step: it ends where it is when the reader leaves. */
export const consult = <T extends Reply>(request: SceneRequest) => whileHere(inquire<T>(request));

/** Something on the page changed what it needs to see. */
export function refresh(): void {
    stale = true;
}

function take(header: Reply): void {
    const said = header.state;
    if (said === undefined) return;
    const shapeChanged =
        state.value?.network.formula !== said.network.formula ||
        state.value.network.inputs.length !== said.network.inputs.length;
    state.value = said;
    clock.value = said.clock;
    hear(said.messages);
    if (shapeChanged) {
        // Maps of another shape would be drawn into the wrong units until the next frame.
        unitMaps.value = undefined;
        parameters.value = undefined;
        selection.value = stillThere(selection.value, said);
    }
    if (said.clock.stopped !== null) playing.value = false;
    stale = true;
}

function stillThere(chosen: Selection, said: State): Selection {
    if (chosen.kind !== 'unit' && chosen.kind !== 'link' && chosen.kind !== 'layer') return chosen;
    const layer = said.network.layers[chosen.layer];
    const there = layer !== undefined && (chosen.kind === 'layer' || chosen.unit < layer.units);
    return there && chosen.kind !== 'link' ? chosen : { kind: 'network' };
}

// ---------------------------------------------------------------- frames

// A chosen unit is shown large: its map is asked for anew.
effect(() => {
    void selection.value;
    stale = true;
});

const budget = () => (hello.value?.host === 'browser' ? 9 : 10);

function pull(now: number): void {
    requestAnimationFrame(pull);
    const seeking = clock.value?.seek != null;
    if (pulling || connection === undefined || (!playing.value && !stale && !seeking) || document.hidden) {
        return;
    }
    const request: Request = { do: 'frame', budget: budget(), train: false, want: wanted() };
    if (playing.value) {
        if (pace.value === 'slow' && now - lastPull < 500) {
            if (!stale) return;
        } else {
            request.train = true;
            lastPull = now;
            if (pace.value === 'slow' || pace.value === 'update') request.updates = 1;
            else if (pace.value === 'epoch') request.updates = clock.value?.batches ?? 1;
        }
    } else {
        lastPull = 0;
    }
    stale = false;
    pulling = true;
    connection
        .ask<Frame>(request)
        .then(
            reply => show(reply),
            error => {
                playing.value = false;
                refusal.value = String(error instanceof Error ? error.message : error);
            },
        )
        .finally(() => (pulling = false));
}

/** Sizes follow the work: a large network gets smaller maps, so that a frame stays a frame. */
function wanted(): Wanted {
    if (sceneWants.value !== undefined)
        return { ...sceneWants.value, loss: { timeline: curveTimeline, since: curveLast }, ...freshPoints() };
    const shown = state.value;
    const units = shown?.network.layers.reduce((sum, layer) => sum + layer.units, 0) ?? 0;
    const slow = hello.value?.host === 'browser';
    const full = !playing.value;
    const turn = framesPulled++;
    const want: Wanted = {
        units:
            selection.value.kind === 'unit'
                ? units > 20 || slow
                    ? 50
                    : 100
                : Math.max(16, Math.min(units > 40 || slow ? 32 : 50, mapCells.value)),
        output: slow && !full ? 100 : 200,
        loss: { timeline: curveTimeline, since: curveLast },
        parameters: true,
        measures: full || turn % 4 === 0,
        predictions: full || turn % 6 === 1,
        statistics: full || turn % 15 === 2,
    };
    Object.assign(want, freshPoints());
    if (shown !== undefined && inputsOf !== shown.version) want.inputs = 50;
    return want;
}

/** The points are asked for when they changed. */
const freshPoints = (): Wanted =>
    state.value !== undefined && pointsOf !== state.value.version ? { points: true } : {};

function show(reply: Decoded<Frame>): void {
    const { header, blocks } = reply;
    batch(() => {
        const u8 = (name: string) => blocks[name] as Uint8Array | undefined;
        const f32 = (name: string) => blocks[name] as Float32Array | undefined;
        const maps = (name: string, scales: string): Maps | undefined => {
            const bytes = u8(name);
            return bytes === undefined
                ? undefined
                : { bytes, scales: f32(scales)!, size: header.blocks[name]!.shape[1]! };
        };
        clock.value = header.clock;
        if (header.state !== undefined) take(header);
        speed.value =
            header.speed.ms > 0
                ? {
                      updates: (header.speed.updates / header.speed.ms) * 1000,
                      examples: (header.speed.examples / header.speed.ms) * 1000,
                  }
                : speed.value;
        hear(header.messages);
        unitMaps.value = maps('units', 'unitScales') ?? unitMaps.value;
        outputMap.value = maps('output', 'outputScales') ?? outputMap.value;
        parameters.value = f32('parameters') ?? parameters.value;
        const inputs = maps('inputs', 'inputScales');
        if (inputs !== undefined) {
            inputMaps.value = inputs;
            inputsOf = header.version;
        }
        const xy = f32('points');
        if (xy !== undefined) {
            points.value = { rows: blocks['rows'] as Int32Array, xy, targets: f32('targets')!, parts: u8('parts')! };
            pointsOf = header.version;
        }
        const outputs = f32('predictions');
        if (outputs !== undefined) predictions.value = { outputs, answers: f32('answers')!, costs: f32('costs')! };
        if (header.measures !== undefined) measures.value = header.measures;
        if (header.statistics !== undefined) statistics.value = header.statistics;
        if (header.loss !== undefined) addToCurve(header.loss, blocks['loss'] ?? new Float64Array(0));
        if (header.clock.stopped !== null && playing.value) {
            playing.value = false;
            stale = true;
        }
    });
    if (header.clock.seek !== null || pointsOf !== header.version) stale = true;
}

function addToCurve(part: { timeline: number; last: number; whole: boolean }, values: BlockData): void {
    if (!part.whole && values.length === 0) return;
    const next = part.whole ? emptyCurve() : curve.value;
    for (let k = 0; k < values.length; k += 6) {
        next.update.push(values[k]!);
        next.epoch.push(values[k + 1]!);
        next.train.push(values[k + 2]!);
        next.test.push(values[k + 3]!);
        next.penalty.push(values[k + 4]!);
    }
    curveTimeline = part.timeline;
    curveLast = part.last;
    curve.value = { ...next };
}

export function setPlaying(on: boolean): void {
    if (on && clock.value?.stopped?.rule === 'diverged') return;
    playing.value = on;
    stale = true;
}
