// The documentation of sanic_session, ticked off row by row; a part for each table.
import "./seed/setup.ts";
import "./seed/stores.ts";
import "./seed/options.ts";
import "./seed/requests.ts";
import "./seed/examples.ts";
import "./seed/testing.ts";
