import { fashion } from './fashion/fashion.ts';
import { reviews } from './reviews/reviews.ts';
import type { Sample } from './sample.ts';

/** The projects a first start creates. Their data is read when it is asked for, not when this is imported. */
export const samples: readonly Sample[] = [reviews, fashion];
