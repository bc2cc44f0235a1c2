import fc from 'fast-check';
import { vi } from 'vitest';
import type { Role } from '#shared/access/access.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { DeviceDocument } from './device-document.ts';
import { apply, gesture, type Gesture } from './edits.ts';
import { checkLaws, comeToRest } from './laws.ts';
import { SyncWorld, type Device, type WorldOptions } from './sync-world.ts';

/** The first document is where most of it happens: there people meet. */
const path = fc.oneof(
	{ weight: 5, arbitrary: fc.constant(0) },
	{ weight: 4, arbitrary: fc.nat({ max: 8 }) },
);
const where = { device: fc.nat({ max: 6 }), path, tab: fc.nat({ max: 3 }) };

/** One thing that happens in the world; numbers are taken modulo what there is. */
const event = {
	edit: fc.record({
		kind: fc.constant('edit'),
		...where,
		gestures: fc.array(gesture, { minLength: 1, maxLength: 4 }),
	}),
	everybody: fc.record({ kind: fc.constant('everybody connects'), path }),
	connect: fc.record({ kind: fc.constant('connect'), ...where }),
	cut: fc.record({ kind: fc.constant('cut'), ...where }),
	leave: fc.record({ kind: fc.constant('leave'), ...where }),
	hold: fc.record({ kind: fc.constantFrom('hold', 'trickle', 'trickle', 'let go'), ...where }),
	tab: fc.record({ kind: fc.constantFrom('open tab', 'close tab', 'read log'), ...where }),
	mischief: fc.record({
		kind: fc.constantFrom('repeat', 'overtake', 'half a message', 'half a frame', 'show self'),
		...where,
	}),
	mend: fc.record({ kind: fc.constantFrom('begin anew', 'sign in', 'session ends'), ...where }),
	role: fc.record({
		kind: fc.constant('role'),
		user: fc.constantFrom('rita', 'vic', 'lara', 'liam', 'lena'),
		role: fc.constantFrom<(Role | undefined)[]>('reviewer', 'labeler', 'viewer', undefined),
	}),
	batch: fc.record({
		kind: fc.constantFrom('member', 'move blind', 'state'),
		batch: fc.nat({ max: 2 }),
		user: fc.constantFrom('rita', 'vic', 'lara', 'liam', 'lena'),
	}),
	server: fc.record({ kind: fc.constantFrom('crash', 'restart') }),
	disk: fc.record({
		kind: fc.constantFrom(
			...(['disk is full', 'fsync fails', 'disk is slow', 'disk goes on'] as const),
			...(['tables are slow', 'tables go on', 'left are noticed'] as const),
		),
	}),
	time: fc.record({ kind: fc.constant('time'), seconds: fc.constantFrom(1, 5, 10) }),
} as const;

type EventOf<K extends keyof typeof event> =
	(typeof event)[K] extends fc.Arbitrary<infer E> ? E : never;
export type Step = EventOf<keyof typeof event>;

const weights: Readonly<Record<keyof typeof event, number>> = {
	edit: 30,
	connect: 12,
	everybody: 4,
	cut: 4,
	leave: 3,
	hold: 8,
	tab: 8,
	mischief: 6,
	mend: 4,
	role: 3,
	batch: 4,
	server: 3,
	disk: 5,
	time: 8,
};

export const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
	fc.array(
		fc.oneof(
			...(Object.keys(weights) as (keyof typeof event)[]).map((name) => ({
				weight: weights[name],
				arbitrary: event[name] as fc.Arbitrary<Step>,
			})),
		),
		{ minLength: 1, maxLength, size: 'max' },
	);

function act(world: SyncWorld, step: Step): void | Promise<void> {
	switch (step.kind) {
		case 'role':
			return world.changeRights(world.rights.setRole(step.user, step.role));
		case 'member':
			return world.changeRights(world.rights.flipMember(world.batches[step.batch]!, step.user));
		case 'move blind':
			return world.changeRights(world.rights.moveBlind(world.batches[step.batch]!, step.user));
		case 'state':
			return world.changeRights(world.rights.flipState(world.batches[step.batch]!));
		case 'crash':
			return world.crash();
		case 'restart':
			return world.restart();
		case 'disk is full':
			return world.disk.fail(false);
		case 'fsync fails':
			return world.disk.fail(true);
		case 'disk is slow':
			return world.disk.hold();
		case 'disk goes on':
			return world.disk.letGo();
		case 'tables are slow':
			return world.holdTables();
		case 'tables go on':
			return world.letTablesGo();
		case 'left are noticed':
			return world.cutLeft();
		case 'everybody connects':
			for (const { documents } of world.devices) documents.get(world.paths[step.path]!)!.connect(0);
			return;
		case 'time':
			world.now += step.seconds * 1000;
			vi.advanceTimersByTime(250);
			return;
		default:
			return actOnDevice(world, step);
	}
}

function actOnDevice(
	world: SyncWorld,
	step: Extract<Step, { readonly device: number }>,
): void | Promise<void> {
	const device = world.devices[step.device]!;
	const one = device.documents.get(world.paths[step.path]!)!;
	switch (step.kind) {
		case 'edit':
			for (const what of step.gestures) edit(world, device, one, step.tab, what);
			return;
		case 'connect':
			return one.connect(step.tab);
		case 'cut':
			one.disconnect('cut');
			return;
		case 'leave':
			return world.leave(one.disconnect('abandon'));
		case 'hold':
			return one.hold(true);
		case 'trickle':
			return one.trickle(step.tab + 1);
		case 'let go':
			return one.hold(false);
		case 'open tab':
			return one.tabs.length < 4 ? one.openTab() : undefined;
		case 'close tab':
			return world.leave(one.closeTab(step.tab));
		case 'read log':
			return one.readLog(step.tab);
		case 'repeat':
			return one.repeat(step.tab);
		case 'overtake':
			return one.overtake();
		case 'half a message':
			return one.breakOff('message');
		case 'half a frame':
			return one.breakOff('frame');
		case 'show self':
			return one.showSelf();
		case 'begin anew':
			return one.beginAnew();
		case 'sign in':
			return world.signIn(device);
		case 'session ends':
			return world.endSession(device);
	}
}

function edit(
	world: SyncWorld,
	device: Device,
	one: DeviceDocument,
	tab: number,
	what: Gesture,
): void {
	const { user } = device;
	// A page lets nobody write who may not, by what it knows; unknown to it rights may have gone meanwhile.
	if (world.rights.accessOf(user, one.path) !== 'write' && what.number > 2) return;
	const { project, batch, part } = parseDocumentName(one.path)!;
	const answers = device.documents.get(`${project}/${batch}/answers`)!;
	const newId = world.newId();
	one.edit(tab, (doc) =>
		apply(doc, part, what, {
			user,
			at: new Date(world.now).toISOString(),
			items: world.batchOf(one.path).items,
			newId,
			seen: [...answers.tabs[0]!.doc.getMap<{ item: string }>('submitted')].map(
				([id, { item }]) => ({ id, item }),
			),
		}),
	);
	if (part === 'answers' && (what.kind === 'submit' || what.kind === 'skip' || what.kind === 'say'))
		world.made.set(newId, one.path);
}

/** Plays steps in a world of its own, then lets everything come to rest and looks at all laws. Throws where one is broken. */
export async function play(played: readonly Step[], options: WorldOptions): Promise<void> {
	const world = new SyncWorld(options);
	try {
		await world.start();
		for (const step of played) await world.during(() => act(world, step));
		await comeToRest(world);
		await checkLaws(world);
	} finally {
		await world.close();
	}
}
