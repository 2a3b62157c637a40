// Runs the published app under Node. The package.json beside this file makes Node 18 read dotnet.js as a module.
import { dotnet } from './_framework/dotnet.js';

await dotnet.run();
