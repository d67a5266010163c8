// Shows the next batch, once it is there, to a person who has answered all that was.

const UNFILTERED = ["page", "sort", "status"];

function emptyQueue() {
  const dataset = location.pathname.match(/^\/dataset\/([^/]+)\/annotation-mode/)?.[1];
  const asked = new URLSearchParams(location.search);
  const isQueue =
    [...asked.keys()].every((name) => UNFILTERED.includes(name)) &&
    (asked.get("status") ?? "pending") === "pending";
  return isQueue && document.querySelector(".wrapper--empty") ? dataset : undefined;
}

async function waits(dataset) {
  const pending = (entity) => ({
    type: "terms",
    scope: { entity, property: "status" },
    values: ["pending"],
  });
  const answer = await fetch(`/api/v1/me/datasets/${dataset}/records/search?limit=1`, {
    method: "POST",
    headers: {
      "Authorization": localStorage.getItem("auth._token.local"),
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ query: {}, filters: { and: [pending("response"), pending("record")] } }),
  });
  return answer.ok && (await answer.json()).total > 0;
}

setInterval(async () => {
  const dataset = emptyQueue();
  if (dataset && (await waits(dataset)) && emptyQueue() === dataset) {
    const asked = new URLSearchParams(location.search);
    asked.delete("page");
    location.search = asked;
  }
}, 2000);
