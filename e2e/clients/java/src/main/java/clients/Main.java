package clients;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import com.suse.salt.netapi.AuthModule;
import com.suse.salt.netapi.calls.LocalAsyncResult;
import com.suse.salt.netapi.calls.LocalCall;
import com.suse.salt.netapi.calls.RunnerAsyncResult;
import com.suse.salt.netapi.calls.RunnerCall;
import com.suse.salt.netapi.calls.WheelAsyncResult;
import com.suse.salt.netapi.calls.modules.Test;
import com.suse.salt.netapi.calls.runner.Jobs;
import com.suse.salt.netapi.calls.runner.Manage;
import com.suse.salt.netapi.calls.wheel.Key;
import com.suse.salt.netapi.client.SaltClient;
import com.suse.salt.netapi.client.impl.HttpAsyncClientImpl;
import com.suse.salt.netapi.datatypes.AuthMethod;
import com.suse.salt.netapi.datatypes.Batch;
import com.suse.salt.netapi.datatypes.Event;
import com.suse.salt.netapi.datatypes.PasswordAuth;
import com.suse.salt.netapi.datatypes.Token;
import com.suse.salt.netapi.datatypes.target.Glob;
import com.suse.salt.netapi.datatypes.target.MinionList;
import com.suse.salt.netapi.errors.FunctionNotAvailable;
import com.suse.salt.netapi.errors.GenericError;
import com.suse.salt.netapi.event.EventListener;
import com.suse.salt.netapi.event.EventStream;
import com.suse.salt.netapi.event.JobReturnEvent;
import com.suse.salt.netapi.exception.SaltException;
import com.suse.salt.netapi.exception.SaltUserUnauthorizedException;
import com.suse.salt.netapi.results.Result;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.http.client.config.CookieSpecs;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.impl.nio.client.CloseableHttpAsyncClient;
import org.apache.http.impl.nio.client.HttpAsyncClients;

/**
 * Runs the calls of SUSE's Salt client against a gateway, and prints a JSON
 * line about each: its name, and what is wrong with it, if anything is.
 *
 * <p>Usage: Main URL USER PASSWORD EAUTH WEBSOCKET STATS. The last two tell
 * whether the gateway has websockets, and figures under /stats.
 */
public final class Main {
    private static final Set<String> MINIONS = Set.of("ms--0", "ms--1", "ms--2");

    private final SaltClient client;
    private final URI url;
    private final String user;
    private final String password;
    private final AuthModule eauth;
    private final boolean hasStats;
    private final Gson gson = new Gson();
    private final Map<String, Set<String>> returned = new ConcurrentHashMap<>(); // minions by jid

    private Token token;
    private AuthMethod auth;
    private EventStream stream;

    private Main(CloseableHttpAsyncClient http, String[] args) {
        url = URI.create(args[0]);
        client = new SaltClient(url, new HttpAsyncClientImpl(http));
        user = args[1];
        password = args[2];
        eauth = AuthModule.valueOf(args[3]);
        hasStats = Boolean.parseBoolean(args[5]);
    }

    public static void main(String[] args) throws Exception {
        // Without the standard way of reading cookies HttpClient drops the session's.
        RequestConfig cookies = RequestConfig.custom().setCookieSpec(CookieSpecs.STANDARD).build();
        try (CloseableHttpAsyncClient http = HttpAsyncClients.custom().setDefaultRequestConfig(cookies).build()) {
            http.start();
            Main m = new Main(http, args);
            m.check("login", m::login);
            if (Boolean.parseBoolean(args[4])) {
                m.check("events", m::events);
                m.check("callAsync over events", m::callOverEvents);
                m.check("events of an unknown token", m::unknownToken);
            }
            m.check("local", m::local);
            m.check("run", m::run);
            m.check("callAsync", m::callAsync);
            m.check("callAsync without a minion", m::nobody);
            m.check("batch", m::batch);
            m.check("runner", m::runner);
            m.check("runner async", m::runnerAsync);
            m.check("jobs", m::jobs);
            m.check("wheel", m::wheel);
            m.check("wheel async", m::wheelAsync);
            m.check("password", m::passwordAuth);
            m.check("stats", m::stats);
            m.check("logout", m::logout);
            m.check("wrong password", m::wrongPassword); // it may cost the session's cookie
        }
        System.exit(0); // whatever threads the websocket has left
    }

    private interface Check {
        void run() throws Exception;
    }

    private void check(String name, Check check) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("name", name);
        try {
            check.run();
        } catch (Throwable wrong) {
            line.put("wrong", wrong.toString());
        }
        System.out.println(gson.toJson(line));
    }

    private static <T> T await(CompletionStage<T> answer) throws Exception {
        return answer.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static void require(boolean holds, Object found) {
        if (!holds) {
            throw new IllegalStateException("found " + found);
        }
    }

    private static void requireAll(Map<String, Result<Boolean>> results) {
        require(results.keySet().equals(MINIONS), results);
        require(results.values().stream().allMatch(r -> r.result().orElse(false)), results);
    }

    /** Requires that a call is refused with the client's own exception for a 401. */
    private static void requireUnauthorized(CompletionStage<?> answer) throws Exception {
        try {
            require(false, await(answer));
        } catch (ExecutionException refused) {
            require(refused.getCause() instanceof SaltUserUnauthorizedException, refused);
        }
    }

    private void login() throws Exception {
        token = await(client.login(user, password, eauth));
        auth = new AuthMethod(token);
        require(token.getUser().equals(user), token.getUser());
        require(token.getEauth().equals(eauth.getValue()), token.getEauth());
        require(token.getPerms().contains("@wheel"), token.getPerms());
        require(token.getExpire().getTime() - token.getStart().getTime() > 1000, token.getExpire());
    }

    private void events() throws Exception {
        CompletableFuture<Void> begun = new CompletableFuture<>();
        stream = client.events(token, 0, 0, 0, new EventListener() {
            @Override
            public void notify(Event event) {
                begun.complete(null);
                JobReturnEvent.parse(event).ifPresent(done -> returned
                        .computeIfAbsent(done.getJobId(), jid -> ConcurrentHashMap.newKeySet())
                        .add(done.getMinionId()));
            }

            @Override
            public void eventStreamClosed(int code, String phrase) {
                begun.completeExceptionally(new SaltException("closed: " + code + " " + phrase));
            }
        });
        while (!begun.isDone()) {
            requireAll(await(Test.ping().callSync(client, Glob.ALL, auth)));
        }
        begun.get();
        LocalAsyncResult<Boolean> job = await(Test.ping().callAsync(client, Glob.ALL, auth)).orElseThrow();
        for (int tries = 0; !MINIONS.equals(returned.get(job.getJid())); tries++) {
            require(tries < 300, returned);
            Thread.sleep(100);
        }
    }

    /**
     * callOverEvents starts a job and takes its results from the events. The client listens for them once it has the
     * answer with the jid: what returns before is lost to it, because it has jobs.lookup_jid run and waits for
     * a return of jobs.list_job. So the job takes a while.
     */
    private void callOverEvents() throws Exception {
        CompletionStage<GenericError> never = new CompletableFuture<>();
        LocalCall<Boolean> sleep = new LocalCall<>("test.sleep", Optional.of(List.of(2)), Optional.empty(),
                new TypeToken<Boolean>() { });
        Map<String, CompletionStage<Result<Boolean>>> results = await(
                sleep.callAsync(client, Glob.ALL, auth, stream, never, Optional.empty())).orElseThrow();
        Map<String, Result<Boolean>> all = new HashMap<>();
        for (Map.Entry<String, CompletionStage<Result<Boolean>>> one : results.entrySet()) {
            all.put(one.getKey(), await(one.getValue()));
        }
        requireAll(all);
    }

    private void unknownToken() throws Exception {
        try {
            client.events(new Token("f".repeat(40)), 0, 0, 0).close();
            require(false, "a stream");
        } catch (SaltException refused) {
            return;
        }
    }

    private void local() throws Exception {
        requireAll(await(Test.ping().callSync(client, new MinionList(List.copyOf(MINIONS)), auth)));
        LocalCall<Map<String, Object>> call = new LocalCall<>("test.arg", Optional.of(List.of("one", 2)),
                Optional.of(Map.of("three", List.of(3))), new TypeToken<Map<String, Object>>() { });
        Result<Map<String, Object>> one = await(call.callSync(client, new Glob("ms--1"), auth)).get("ms--1");
        require(List.of("one", 2.0).equals(one.result().orElseThrow().get("args")), one);
        LocalCall<Boolean> none = new LocalCall<>("no.such", Optional.empty(), Optional.empty(),
                new TypeToken<Boolean>() { });
        Result<Boolean> error = await(none.callSync(client, new Glob("ms--1"), auth)).get("ms--1");
        require(error.error().orElse(null) instanceof FunctionNotAvailable, error);
    }

    private void run() throws Exception {
        Map<String, Object> all = await(client.run(user, password, eauth, "local", Glob.ALL, "test.echo",
                List.of("hello"), Map.of()));
        require(all.keySet().equals(MINIONS) && all.get("ms--1").equals("hello"), all);
    }

    private void callAsync() throws Exception {
        LocalAsyncResult<Boolean> job = await(
                Test.ping().withMetadata(Map.of("for", "a test")).callAsync(client, Glob.ALL, auth)).orElseThrow();
        require(new TreeSet<>(job.getMinions()).equals(new TreeSet<>(MINIONS)), job.getMinions());
        Map<String, Boolean> all = Map.of();
        for (int tries = 0; tries < 30 && all.size() < MINIONS.size(); tries++) {
            all = await(Jobs.lookupJid(job).callSync(client, auth)).result().orElseThrow();
        }
        require(all.keySet().equals(MINIONS), all);
    }

    private void nobody() throws Exception {
        Optional<LocalAsyncResult<Boolean>> job = await(
                Test.ping().callAsync(client, new Glob("nobody*"), auth));
        require(job.isEmpty() || job.get().getJid() == null, job);
    }

    private void batch() throws Exception {
        for (Batch batch : List.of(Batch.asAmount(2), Batch.asPercent(50))) {
            Map<String, Result<Boolean>> all = new HashMap<>();
            await(Test.ping().callSync(client, Glob.ALL, auth, batch)).forEach(all::putAll);
            requireAll(all);
        }
    }

    private void runner() throws Exception {
        Result<List<String>> up = await(Manage.present().callSync(client, auth));
        require(up.result().isPresent(), up);
        RunnerCall<Map<String, Object>> call = new RunnerCall<>("test.arg",
                Optional.of(Map.of("three", 3)), new TypeToken<Map<String, Object>>() { });
        Result<Map<String, Object>> args = await(call.callSync(client, auth));
        require(args.result().orElseThrow().get("kwargs") instanceof Map<?, ?> kwargs
                && Double.valueOf(3).equals(kwargs.get("three")), args);
    }

    private void runnerAsync() throws Exception {
        RunnerAsyncResult<List<String>> job = await(Manage.present().callAsync(client, auth));
        require(job.getTag().equals("salt/run/" + job.getJid()), job.getTag());
    }

    private void jobs() throws Exception {
        LocalAsyncResult<Boolean> job = await(Test.ping().callAsync(client, new Glob("ms--1"), auth)).orElseThrow();
        Jobs.Info info = await(Jobs.listJob(job.getJid()).callSync(client, auth)).result().orElseThrow();
        for (int tries = 0; tries < 30 && info.getResult("ms--1", Boolean.class).isEmpty(); tries++) {
            info = await(Jobs.listJob(job.getJid()).callSync(client, auth)).result().orElseThrow();
        }
        require(info.getFunction().equals("test.ping"), info.getFunction());
        require(info.getUser().equals(user), info.getUser());
        require(info.getMinions().equals(List.of("ms--1")), info.getMinions());
        require(info.getResult("ms--1", Boolean.class).orElse(false), info);
        require(info.getStartTime().getDate() != null, info);
        Map<String, Jobs.ListJobsEntry> all = await(
                Jobs.listJobs(Map.of("for", "a test")).callSync(client, auth)).result().orElseThrow();
        require(all.size() >= 1, all);
    }

    private void wheel() throws Exception {
        var names = await(Key.listAll().callSync(client, auth));
        require(names.getData().isSuccess(), names.getTag());
        require(Set.copyOf(names.getData().getResult().result().orElseThrow().getMinions()).equals(MINIONS), names);
        var fingers = await(Key.finger("ms--*").callSync(client, auth));
        require(fingers.getData().getResult().result().orElseThrow().getMinions().keySet().equals(MINIONS), fingers);
    }

    private void wheelAsync() throws Exception {
        WheelAsyncResult<Key.Names> job = await(Key.listAll().callAsync(client, auth));
        require(job.getTag().equals("salt/wheel/" + job.getJid()), job.getTag());
    }

    private void passwordAuth() throws Exception {
        AuthMethod own = new AuthMethod(new PasswordAuth(user, password, eauth));
        requireAll(await(Test.ping().callSync(client, Glob.ALL, own)));
        require(await(Test.ping().callAsync(client, Glob.ALL, own)).isPresent(), "no job");
        require(await(Manage.present().callSync(client, own)).result().isPresent(), "no answer");
        require(await(Key.listAll().callSync(client, own)).getData().isSuccess(), "no keys");
    }

    private void wrongPassword() throws Exception {
        requireUnauthorized(client.login(user, "wrong", eauth));
        AuthMethod wrong = new AuthMethod(new PasswordAuth(user, "wrong", eauth));
        requireUnauthorized(Test.ping().callSync(client, Glob.ALL, wrong));
        requireUnauthorized(Key.listAll().callSync(client, wrong));
        requireUnauthorized(Test.ping().callSync(client, Glob.ALL, new AuthMethod(new Token("f".repeat(40)))));
    }

    /** salt-api of today lacks what the client wants of the answer in the end. */
    private void stats() throws Exception {
        try {
            require(await(client.stats()).getHttpServer() != null, "no server");
        } catch (ExecutionException lacking) {
            require(!hasStats && lacking.getCause() instanceof IllegalArgumentException, lacking);
        }
    }

    private void logout() throws Exception {
        require(await(client.logout()), "another sentence");
        requireUnauthorized(Test.ping().callSync(client, Glob.ALL, auth));
    }
}
