// Calls of the public class of the npm package salt-api. Prints the name of
// each that answered well.
//
// Usage: node calls.mjs FOLDER URL USER PASSWORD
//
// FOLDER is the one that has node_modules.
import { createRequire } from "node:module";
import path from "node:path";

const [folder, url, username, password] = process.argv.slice(2);
const { Salt } = createRequire(path.join(folder, "package.json"))("salt-api");
const everyone = ["ms--0", "ms--1", "ms--2"];

function check(name, ok, answer) {
  if (!ok) {
    console.error(`${name}: ${JSON.stringify(answer)}`);
    process.exit(1);
  }
  console.log(name);
}
const sorted = (object) => Object.keys(object ?? {}).sort();
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const salt = new Salt({ url, username, password });
await salt.login();
check("login", salt.token && salt.expire > Date.now() / 1000, salt.expire);

let answer = await salt.fun();
check("fun", same(sorted(answer.return[0]), everyone), answer);

answer = await salt.fun("ms--0,ms--2", "test.arg", { tgt_type: "list", arg: ["one"], kwarg: { two: 2 }, timeout: 20 });
check(
  "fun, options",
  same(sorted(answer.return[0]), ["ms--0", "ms--2"]) &&
    same(answer.return[0]["ms--0"].args, ["one"]) &&
    answer.return[0]["ms--0"].kwargs.two === 2,
  answer,
);

// The class sends these two as it gets them: one argument alone, and the name
// of a client as an argument.
answer = await salt.fun("ms--1", "test.arg", { arg: "alone" });
check("fun, one argument", same(answer.return[0]["ms--1"].args, ["alone"]), answer);
answer = await salt.fun("ms--1", "test.echo", { client: "local" });
check("fun, client", answer.return[0]["ms--1"] === "local", answer);

// GET /minions/ and GET /jobs/, with a slash at the end.
answer = await salt.minions();
check("minions", same(sorted(answer.return[0]), everyone), answer);
answer = await salt.minions("ms--1");
check("minions, one", answer.return[0]["ms--1"].id === "ms--1", answer);

answer = await salt.jobs();
const [jid] = Object.keys(answer.return[0]).filter((id) => answer.return[0][id].Function === "test.ping");
check("jobs", jid?.length === 20, answer);
answer = await salt.jobs(jid);
check("jobs, one", answer.info[0].Function === "test.ping", answer);

const events = await salt.eventSource();
const tag = await new Promise((resolve, reject) => {
  events.onerror = reject;
  events.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (event.tag.endsWith("/ret/ms--2")) resolve(event.tag);
  };
  // salt-api says nothing before the first event.
  const timer = setInterval(() => salt.fun("ms--2", "test.ping"), 1000);
  setTimeout(() => reject(new Error("no event")), 60_000).unref();
  timer.unref();
}).finally(() => events.close());
check("events", tag.startsWith("salt/job/"), tag);

const wrong = await new Salt({ url, username, password: "wrong" }).login().catch((error) => error);
check("wrong password", wrong?.response?.status === 401, String(wrong));
process.exit(0);
