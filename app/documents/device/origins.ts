/** Where a change of a Y.Doc came from, where it was not made on this page; Yjs hands it to every listener. */
export const fromLog = Symbol('from the log of this device');
export const fromPeerTab = Symbol('from another tab of this device');
