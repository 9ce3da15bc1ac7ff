import { sameOriginOnly } from "unsession/csrf";

// No other site changes anything.
export default sameOriginOnly();
