/** Who makes a request, as far as their credentials say. What they may do is asked of the tables each time. */
export type Caller =
	| {
			readonly kind: 'person';
			readonly user: string;
			readonly name: string;
			readonly via: 'session' | 'token';
			/** Which session or token: what was opened with it closes when it ends. */
			readonly credential: string;
			/** When it ends by itself, in milliseconds since the epoch; undefined where it does not. */
			readonly endsAt?: number;
	  }
	/** A runner's own token: claims work, nothing else. */
	| {
			readonly kind: 'runner';
			readonly token: string;
			readonly name: string;
			readonly user: string;
	  }
	/** The token of one attempt: its run's calls, and reading the code and data of its project. */
	| {
			readonly kind: 'attempt';
			readonly run: string;
			readonly attempt: number;
			readonly project: string;
	  };
