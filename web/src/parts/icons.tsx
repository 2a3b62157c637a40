// The page's icons: drawn on a 20-grid with one stroke weight, in the text's colour.

const paths = {
    play: 'M6 3.8v12.4l10-6.2z',
    pause: 'M6.5 4v12M13.5 4v12',
    step: 'M5 4.5v11l7-5.5zM15 4.5v11',
    back: 'M15 4.5v11l-7-5.5zM5 4.5v11',
    reset: 'M4.2 10a6 6 0 1 0 1.9-4.4M4.2 3.4v3.4h3.4',
    dice: 'M4 6.5 10 3.2l6 3.3v7L10 16.8l-6-3.3zM4 6.5l6 3.3 6-3.3M10 9.8v7',
    share: 'M10 12.5V3.2M6.6 6.4 10 3l3.4 3.4M4 10.5V16h12v-5.5',
    take: 'M10 3.2v9.3M6.6 9.2 10 12.6l3.4-3.4M4 13.5V16.5h12v-3',
    runs: 'M3.5 14.5c4 0 3.5-9 7-9h6M10.5 5.5c-1 3 .5 7 6 7',
    help: 'M7.4 7.6a2.7 2.7 0 1 1 4 2.4c-.9.5-1.4 1-1.4 2M10 14.9v.2',
    look: 'M10 3.5a6.5 6.5 0 1 0 0 13zM10 3.5a6.5 6.5 0 0 1 0 13',
    close: 'M5 5l10 10M15 5 5 15',
    plus: 'M10 4.5v11M4.5 10h11',
    minus: 'M4.5 10h11',
    table: 'M3.5 4.5h13v11h-13zM3.5 8.2h13M8 8.2v7.3',
    pencil: 'M4 16l.8-3.4L13 4.4l2.6 2.6-8.2 8.2zM11.4 6l2.6 2.6',
    warning: 'M10 3.4 17.2 16H2.8zM10 8.2v3.6M10 13.8v.2',
    check: 'M4.5 10.5l3.6 3.7 7.4-8.4',
    pin: 'M10 17s5-4.6 5-8.4A5 5 0 0 0 5 8.6C5 12.4 10 17 10 17z',
    copy: 'M7 7h9v9.5H7zM13 7V3.5H4V13h3',
    present: 'M3.5 4.5h13v8.5h-13zM10 13v3.5M7 16.5h6',
    course: 'M3.5 5.2c3-1 5-.6 6.5.8 1.5-1.4 3.5-1.8 6.5-.8v9.9c-3-1-5-.6-6.5.8-1.5-1.4-3.5-1.8-6.5-.8zM10 6v9.9',
    previous: 'M12.5 4.5 7 10l5.5 5.5',
    next: 'M7.5 4.5 13 10l-5.5 5.5',
    lock: 'M5 9h10v7.5H5zM7 9V6.6a3 3 0 0 1 6 0V9',
    data: 'M4 16V9.5M8 16V5M12 16v-4M16 16V7',
    network:
        'M4 6h.01M4 14h.01M10 4h.01M10 10h.01M10 16h.01M16 10h.01M4 6l6-2M4 6l6 4M4 14l6-4M4 14l6 2M10 4l6 6M10 10h6M10 16l6-6',
    output: 'M3.5 3.5h13v13h-13zM3.5 12c4 0 5-6 13-5',
    time: 'M3 15c2-8 4 0 6-4s3-2 8-2.5',
} as const;

export type IconName = keyof typeof paths;

const filled: readonly IconName[] = ['play'];

export function Icon({ name }: { readonly name: IconName }) {
    return (
        <svg
            class={filled.includes(name) ? 'icon filled' : 'icon'}
            viewBox="0 0 20 20"
            aria-hidden="true"
            focusable="false"
        >
            <path d={paths[name]} />
        </svg>
    );
}
