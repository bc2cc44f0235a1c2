import type { Api } from '#app/net/api.ts';
import type { PacketRow, Replica } from '#app/replica/database.ts';
import type { Packet } from '#shared/api/replies.ts';

/**
 * A batch's packet: from this device when it is here, else from the server, and kept then. Items never
 * change, so what is here is right. Throws Offline when it is not here and nobody answers.
 */
export async function loadPacket(replica: Replica, api: Api, batch: string): Promise<PacketRow> {
	return (await replica.packets.get(batch)) ?? fetchPacket(replica, api, batch);
}

async function fetchPacket(replica: Replica, api: Api, batch: string): Promise<PacketRow> {
	const packet = await api.get<Packet>(`/api/batches/${batch}/items`);
	const row: PacketRow = { ...packet, isKept: false, fetchedAt: new Date().toISOString() };
	await replica.packets.put(row);
	return row;
}
