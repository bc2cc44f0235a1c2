import { letGoOfJob } from '../../give-back.ts';
import { serveCalls } from '../../threads/serve-calls.ts';
import { itemPast } from './item-past.ts';

const methods = { itemPast };
export type HistoryMethods = typeof methods;

serveCalls(methods, { answered: letGoOfJob });
