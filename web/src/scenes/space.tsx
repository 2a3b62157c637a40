// A view into space that can be turned: by dragging, by its arrows, and by the two sliders under it.

import { useEffect, useRef, useState } from 'preact/hooks';
import { SolidPainter, type Part, type Turn } from '../draw/solid';
import { Slider } from '../parts/controls';
import { texts } from '../text';
import './space.css';
import { number, put } from './scene';

const own = texts({
    turn: 'Turn, degrees',
    tilt: 'Look down, degrees',
    missing:
        'This browser has no WebGL, so there is no view into space. The plane beside it shows the same, slice by slice.',
    help: 'Drag or use the arrows to turn it.',
});

const WIDTH = 800;
const HEIGHT = 600;
const YAW = -35;
const PITCH = 24;
const turned = (yaw: number) => ((((yaw + 180) % 360) + 360) % 360) - 180;
const degrees = (value: number) => `${String(value).replace('-', '−')}°`;
const tilted = (pitch: number) => Math.min(90, Math.max(-90, pitch));

export function Space({
    parts,
    when,
    label,
    testid,
}: {
    readonly parts: () => readonly Part[];
    /** Changes when the parts do. */
    readonly when: unknown;
    readonly label: string;
    readonly testid: string;
}) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const painter = useRef<SolidPainter | undefined>(undefined);
    const [missing, setMissing] = useState(false);
    // While it turns nothing but the picture changes; the address has it when it rests.
    const [turning, setTurning] = useState<Turn | undefined>(undefined);
    const rest = useRef(0);
    const { yaw, pitch } = turning ?? { yaw: number('yaw', YAW), pitch: number('pitch', PITCH) };
    const now = useRef({ yaw, pitch });
    now.current = { yaw, pitch };
    const turnTo = (to: Turn) => {
        now.current = { yaw: turned(to.yaw), pitch: tilted(to.pitch) };
        setTurning(now.current);
        clearTimeout(rest.current);
        rest.current = window.setTimeout(() => {
            put({ ...now.current });
            setTurning(undefined);
        }, 300);
    };
    const turn = (by: number, up: number) => turnTo({ yaw: now.current.yaw + by, pitch: now.current.pitch + up });
    useEffect(() => () => clearTimeout(rest.current), []);
    useEffect(() => {
        if (painter.current === undefined && canvas.current !== null) {
            painter.current = SolidPainter.on(canvas.current);
            setMissing(painter.current === undefined);
        }
        painter.current?.show(parts());
        painter.current?.draw(now.current);
    }, [when]);
    useEffect(() => painter.current?.draw({ yaw, pitch }), [yaw, pitch]);
    return (
        <div class="space">
            {missing ? (
                <p class="note" data-testid={`${testid}-missing`}>
                    {own('missing')}
                </p>
            ) : (
                <canvas
                    ref={canvas}
                    width={WIDTH}
                    height={HEIGHT}
                    role="application"
                    tabIndex={0}
                    aria-label={`${label}. ${own('help')}`}
                    data-testid={testid}
                    onPointerDown={event => {
                        event.preventDefault();
                        event.currentTarget.setPointerCapture(event.pointerId);
                        event.currentTarget.focus();
                    }}
                    onPointerMove={event => {
                        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
                        turn(Math.round(event.movementX / 2), Math.round(event.movementY / 2));
                    }}
                    onKeyDown={event => {
                        const turns: Readonly<Record<string, readonly [number, number]>> = {
                            ArrowLeft: [-5, 0],
                            ArrowRight: [5, 0],
                            ArrowUp: [0, 5],
                            ArrowDown: [0, -5],
                        };
                        const by = turns[event.key];
                        if (by === undefined) return;
                        event.preventDefault();
                        event.stopPropagation();
                        turn(...by);
                    }}
                />
            )}
            {!missing && (
                <div class="controls-grid">
                    <Slider
                        label={own('turn')}
                        testid={`${testid}-turn`}
                        value={yaw}
                        min={-180}
                        max={180}
                        step={5}
                        show={degrees}
                        onSet={to => turnTo({ yaw: to, pitch })}
                    />
                    <Slider
                        label={own('tilt')}
                        testid={`${testid}-tilt`}
                        value={pitch}
                        min={-90}
                        max={90}
                        step={5}
                        show={degrees}
                        onSet={to => turnTo({ yaw, pitch: to })}
                    />
                </div>
            )}
        </div>
    );
}
