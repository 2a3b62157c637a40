// Things in space on a canvas, with plain WebGL: lit triangles, lines and points in a box that can be turned. It draws
// when it is told to and never on its own.

import { parseHex } from '../look/colour';

export type Point3 = readonly [number, number, number];

/** Corners by threes: of triangles, pairs of them of lines, single ones of points. In a box from −1 to 1. */
export interface Part {
    readonly kind: 'triangles' | 'lines' | 'rounds' | 'wedges';
    readonly corners: Float32Array;
    readonly colour: string;
    readonly alpha?: number;
    /** One colour per corner, three numbers from 0 to 1, in place of the part's. */
    readonly colours?: Float32Array;
    readonly size?: number;
}

export interface Turn {
    /** Degrees around the upright axis, and of looking down. */
    readonly yaw: number;
    readonly pitch: number;
}

const VERTEX = `
attribute vec3 corner; attribute vec3 normal; attribute vec3 tint;
uniform mat3 turn; uniform vec2 shape; uniform float size;
varying vec3 facing; varying vec3 hue;
void main() {
    vec3 at = turn * corner;
    facing = turn * normal; hue = tint;
    float away = 3.6 - at.z;
    gl_Position = vec4(1.75 * at.x * shape.x, 1.75 * at.y * shape.y, 0.3 * (away - 3.6) * away / 2.0, away);
    gl_PointSize = size * 3.6 / away;
}`;
const FRAGMENT = `
precision mediump float;
uniform float alpha; uniform float lit; uniform float mark;
varying vec3 facing; varying vec3 hue;
void main() {
    vec2 p = 2.0 * gl_PointCoord - 1.0;
    if (mark > 0.5 && mark < 1.5 && dot(p, p) > 1.0) discard;
    if (mark > 1.5 && (p.y < 2.0 * abs(p.x) - 1.0 || p.y > 0.9)) discard;
    float light = lit > 0.5 ? 0.45 + 0.55 * abs(dot(normalize(facing), normalize(vec3(0.35, 0.6, 0.75)))) : 1.0;
    gl_FragColor = vec4(hue * light * alpha, alpha);
}`;

interface Loaded {
    readonly part: Part;
    readonly corners: WebGLBuffer;
    readonly normals: WebGLBuffer | undefined;
    readonly colours: WebGLBuffer | undefined;
    readonly count: number;
}

export class SolidPainter {
    private readonly program: WebGLProgram;
    private loaded: Loaded[] = [];

    private constructor(
        private readonly canvas: HTMLCanvasElement,
        private readonly gl: WebGLRenderingContext,
    ) {
        const shader = (kind: number, text: string) => {
            const made = gl.createShader(kind)!;
            gl.shaderSource(made, text);
            gl.compileShader(made);
            return made;
        };
        this.program = gl.createProgram();
        gl.attachShader(this.program, shader(gl.VERTEX_SHADER, VERTEX));
        gl.attachShader(this.program, shader(gl.FRAGMENT_SHADER, FRAGMENT));
        gl.linkProgram(this.program);
        gl.useProgram(this.program);
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
        gl.enable(gl.DEPTH_TEST);
    }

    /** Undefined where the browser has no WebGL. */
    static on(canvas: HTMLCanvasElement): SolidPainter | undefined {
        const gl = canvas.getContext('webgl', { antialias: true, preserveDrawingBuffer: true });
        return gl === null ? undefined : new SolidPainter(canvas, gl);
    }

    /** What is there from now on. Translucent parts come last. */
    show(parts: readonly Part[]): void {
        const { gl } = this;
        for (const old of this.loaded)
            for (const buffer of [old.corners, old.normals, old.colours])
                if (buffer !== undefined) gl.deleteBuffer(buffer);
        const load = (values: Float32Array) => {
            const buffer = gl.createBuffer();
            gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
            gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
            return buffer;
        };
        this.loaded = parts
            .filter(part => part.corners.length > 0)
            .map(part => ({
                part,
                corners: load(part.corners),
                normals: part.kind === 'triangles' ? load(normalsOf(part.corners)) : undefined,
                colours: part.colours === undefined ? undefined : load(part.colours),
                count: part.corners.length / 3,
            }));
    }

    draw(turn: Turn): void {
        const { gl, canvas, program } = this;
        gl.viewport(0, 0, canvas.width, canvas.height);
        gl.clearColor(0, 0, 0, 0);
        gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
        const least = Math.min(canvas.width, canvas.height);
        const uniform = (name: string) => gl.getUniformLocation(program, name);
        gl.uniformMatrix3fv(uniform('turn'), false, matrixOf(turn));
        gl.uniform2f(uniform('shape'), least / canvas.width, least / canvas.height);
        for (const one of this.loaded) {
            const { part } = one;
            const alpha = part.alpha ?? 1;
            const tint = parseHex(part.colour);
            gl.depthMask(alpha >= 1);
            gl.uniform1f(uniform('alpha'), alpha);
            gl.uniform1f(uniform('lit'), part.kind === 'triangles' ? 1 : 0);
            gl.uniform1f(uniform('mark'), part.kind === 'rounds' ? 1 : part.kind === 'wedges' ? 2 : 0);
            gl.uniform1f(uniform('size'), ((part.size ?? 8) * least) / 600);
            this.feed('corner', one.corners);
            this.feed('normal', one.normals, [0, 0, 1]);
            this.feed('tint', one.colours, tint);
            const mode = { triangles: gl.TRIANGLES, lines: gl.LINES, rounds: gl.POINTS, wedges: gl.POINTS }[part.kind];
            gl.drawArrays(mode, 0, one.count);
        }
        gl.depthMask(true);
    }

    private feed(name: string, buffer: WebGLBuffer | undefined, otherwise: Point3 = [0, 0, 0]): void {
        const { gl } = this;
        const place = gl.getAttribLocation(this.program, name);
        if (place < 0) return;
        if (buffer === undefined) {
            gl.disableVertexAttribArray(place);
            gl.vertexAttrib3f(place, ...otherwise);
            return;
        }
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    }
}

/** x to the right, y away, z up, as mathematics has them; column-major, for the screen's x right, y up, z near. */
function matrixOf({ yaw, pitch }: Turn): Float32Array {
    const [a, b] = [(yaw * Math.PI) / 180, (pitch * Math.PI) / 180];
    const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
    return Float32Array.of(ca, sa * sb, -sa * cb, -sa, ca * sb, -ca * cb, 0, cb, sb);
}

/** A flat normal per triangle, for each of its corners. */
function normalsOf(corners: Float32Array): Float32Array {
    const normals = new Float32Array(corners.length);
    for (let k = 0; k < corners.length; k += 9) {
        const side = (to: number) => [0, 1, 2].map(i => corners[k + to + i]! - corners[k + i]!);
        const [[ax, ay, az], [bx, by, bz]] = [side(3), side(6)] as unknown as [Point3, Point3];
        const normal = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
        for (let i = 0; i < 9; i++) normals[k + i] = normal[i % 3]!;
    }
    return normals;
}

// Each cube of eight corners as six tetrahedra around its diagonal 0–7: neighbouring cubes then agree on their faces.
const tetrahedra = [
    [0, 1, 3, 7],
    [0, 1, 5, 7],
    [0, 2, 3, 7],
    [0, 2, 6, 7],
    [0, 4, 5, 7],
    [0, 4, 6, 7],
] as const;

/** The surface where values on a grid pass a level, as triangles in a box from −1 to 1. */
export function surfaceOf(values: ArrayLike<number>, size: number, level: number): Float32Array {
    const out: number[] = [];
    const at = (index: number): Point3 => [
        -1 + (2 * (index % size)) / (size - 1),
        -1 + (2 * (Math.floor(index / size) % size)) / (size - 1),
        -1 + (2 * Math.floor(index / (size * size))) / (size - 1),
    ];
    const between = (i: number, k: number) => {
        const [p, q] = [at(i), at(k)];
        const t = (level - values[i]!) / (values[k]! - values[i]!);
        for (let axis = 0; axis < 3; axis++) out.push(p[axis]! + t * (q[axis]! - p[axis]!));
    };
    for (let z = 0; z + 1 < size; z++)
        for (let y = 0; y + 1 < size; y++)
            for (let x = 0; x + 1 < size; x++) {
                const low = (z * size + y) * size + x;
                const corner = (k: number) => low + (k & 1) + ((k >> 1) & 1) * size + (k >> 2) * size * size;
                for (const four of tetrahedra) {
                    const inside = four.map(corner).filter(i => values[i]! > level);
                    const outside = four.map(corner).filter(i => !(values[i]! > level));
                    if (inside.length === 1) for (const o of outside) between(inside[0]!, o);
                    else if (inside.length === 3) for (const i of inside) between(i, outside[0]!);
                    else if (inside.length === 2) {
                        const [a, b, c, d] = [inside[0]!, inside[1]!, outside[0]!, outside[1]!];
                        for (const [i, k] of [[a, c], [a, d], [b, d], [a, c], [b, d], [b, c]] as const) between(i, k); // prettier-ignore
                    }
                }
            }
    return Float32Array.from(out);
}

const edges = [0, 1, 2].flatMap(axis =>
    [0, 1, 2, 3].map(k => {
        const low: number[] = [];
        let bit = 0;
        for (let i = 0; i < 3; i++) low.push(i === axis ? -1 : (k >> bit++) & 1 ? 1 : -1);
        return [low as unknown as Point3, low.map((v, i) => (i === axis ? 1 : v)) as unknown as Point3] as const;
    }),
);

/** The edges of the box, as lines. */
export const boxLines = Float32Array.from(edges.flat(2));

/** Where a plane a·x + b = 0 cuts the box from −1 to 1: the corners of the piece, in order. */
export function planePiece(a: Point3, b: number): Point3[] {
    const value = (p: Point3) => a[0] * p[0] + a[1] * p[1] + a[2] * p[2] + b;
    const cuts = edges
        .filter(([p, q]) => value(p) < 0 !== value(q) < 0)
        .map(([p, q]) => {
            const t = value(p) / (value(p) - value(q));
            return [0, 1, 2].map(i => p[i]! + t * (q[i]! - p[i]!)) as unknown as Point3;
        });
    if (cuts.length < 3) return [];
    const middle = [0, 1, 2].map(i => cuts.reduce((sum, p) => sum + p[i]!, 0) / cuts.length) as unknown as Point3;
    // Two directions in the plane, to sort the corners around their middle.
    const least = [0, 1, 2].reduce((m, i) => (Math.abs(a[i]!) < Math.abs(a[m]!) ? i : m), 0);
    const u = cross(a, [0, 1, 2].map(i => (i === least ? 1 : 0)) as unknown as Point3);
    const v = cross(a, u);
    const angle = (p: Point3) => Math.atan2(dot(v, p, middle) / Math.hypot(...v), dot(u, p, middle) / Math.hypot(...u));
    return cuts.sort((p, q) => angle(p) - angle(q));
}

const cross = (a: Point3, b: Point3): Point3 => [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
];
const dot = (a: Point3, p: Point3, from: Point3) => a[0] * (p[0] - from[0]) + a[1] * (p[1] - from[1]) + a[2] * (p[2] - from[2]); // prettier-ignore

/** A piece as triangles around its first corner, and as the lines of its border. */
export const fan = (piece: readonly Point3[]) =>
    piece.slice(2).flatMap((p, k) => [...piece[0]!, ...piece[k + 1]!, ...p]);
export const border = (piece: readonly Point3[]) => piece.flatMap((p, k) => [...p, ...piece[(k + 1) % piece.length]!]);
