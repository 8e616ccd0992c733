// The page of a lab: native controls made from a form, and a view that is shown as it comes.
//
// Rule: nothing is computed here. Every control is an element of HTML with a label of its own, so that the keyboard and
// a screen reader work as everywhere; what a control means is Python's business.

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== "") element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

function render({ model, el }) {
  const page = `lk-${Math.random().toString(36).slice(2)}`; // every page has this program to itself: no counter is shared
  const form = model.get("form");
  const shows = {}; // by control: how to show a value, and what a new view means for it
  const keys = {}; // by key: what it does
  const buttons = {}; // by name
  let stop = () => {}; // ends whatever plays

  // One message at a time, in order: the next one goes when the view has answered. Until then turns of the same knob
  // become one, so that a slider never runs ahead of its picture, and a press never overtakes a turn.
  const outbox = [];
  let count = 0, sent = null;
  const post = (message) => {
    if (message) outbox.push(message);
    if (sent !== null || !outbox.length) return;
    sent = `${page}:${(count += 1)}`;
    model.send({ ...outbox.shift(), nth: sent });
  };
  const press = (name) => post({ press: name });
  const send = (name, value) => {
    const last = outbox.at(-1)?.turn;
    if (last && name in last) last[name] = value;
    else post({ turn: { [name]: value } });
  };
  const helped = (control, id) => (control.help ? [make("p", { id: `${id}-help`, class: "lk-help" }, control.help)] : []);

  // --- controls: each maker returns its elements and says in `shows` how to show a value

  const slider = (control, id) => {
    const said = make("output", { for: id });
    const last = Math.max(0, control.words.length - 1);
    const input = make("input", {
      type: "range", id, min: 0, max: last, step: 1, "aria-describedby": control.help && `${id}-help`,
      oninput: () => { tell(input.valueAsNumber); send(control.name, input.valueAsNumber); },
    });
    const tell = (place) => {
      said.textContent = control.words[place] ?? String(place);
      input.setAttribute("aria-valuetext", said.textContent);
    };
    shows[control.name] = { value: (place) => { input.value = place; tell(place); } };
    const label = make("label", { for: id }, control.label);
    return [make("div", { class: "lk-row" }, label, said), input, ...helped(control, id)];
  };

  const choice = (control, id) => {
    const options = control.words.map((word, place) => make("option", { value: place }, word));
    const input = make("select", {
      id, "aria-describedby": control.help && `${id}-help`, onchange: () => send(control.name, Number(input.value)),
    }, ...options);
    shows[control.name] = { value: (place) => { input.value = place; } };
    return [make("label", { for: id }, control.label), input, ...helped(control, id)];
  };

  const toggle = (control, id) => {
    const input = make("input", {
      type: "checkbox", id, "aria-describedby": control.help && `${id}-help`,
      onchange: () => send(control.name, input.checked),
    });
    shows[control.name] = { value: (on) => { input.checked = on; } };
    return [make("div", { class: "lk-line" }, input, make("label", { for: id }, control.label)), ...helped(control, id)];
  };

  const line = (control, id) => {
    const input = make("input", {
      type: "text", id, spellcheck: "false", autocomplete: "off", "aria-describedby": control.help && `${id}-help`,
      onchange: () => send(control.name, input.value),
    });
    shows[control.name] = { value: (text) => { input.value = text; } };
    return [make("label", { for: id }, control.label), input, ...helped(control, id)];
  };

  // Options of a question: what there is to say to each of them stands below it.
  const options = (control, id, type) => {
    const notes = [];
    const inputs = control.words.map((_, place) => make("input", {
      type, id: `${id}-${place}`, name: id, "aria-describedby": `${id}-${place}-note`,
      onchange: () => {
        const chosen = inputs.flatMap((input, place) => (input.checked ? [place] : []));
        send(control.name, chosen);
      },
    }));
    shows[control.name] = {
      value: (chosen) => inputs.forEach((input, place) => { input.checked = chosen.includes(place); }),
      view: (view) => notes.forEach((note, place) => { note.textContent = view.notes[control.name]?.[place] ?? ""; }),
    };
    return control.words.map((word, place) => {
      notes.push(make("p", { id: `${id}-${place}-note`, class: "lk-note" }));
      const label = make("label", { for: `${id}-${place}` }, word);
      return make("div", { class: "lk-option" }, make("div", { class: "lk-line" }, inputs[place], label), notes[place]);
    });
  };

  // Steps to be put in order: chosen ones can be moved or taken out, the others put at the end.
  const order = (control, id) => {
    const chosen = make("ol", { "aria-label": "Your order" });
    const left = make("ul", { "aria-label": "Not used yet" });
    let notes = {}, now = [];
    const put = (next, focus) => {
      show(next);
      send(control.name, next);
      (el.querySelector(`[data-step="${focus}"]`) ?? chosen.querySelector("button") ?? left.querySelector("button")).focus();
    };
    const act = (step, what, sign, next) => make("button", {
      type: "button", "data-step": `${step}-${what}`, "aria-label": `${what}: ${control.words[step]}`,
      onclick: () => put(next(), `${step}-${what}`),
    }, sign);
    const swapped = (a, b) => { const next = [...now]; [next[a], next[b]] = [next[b], next[a]]; return next; };
    const show = (steps) => {
      const focused = document.activeElement?.dataset.step;
      now = [...steps];
      chosen.replaceChildren(...now.map((step, at) => make("li", { class: "lk-step" },
        make("span", {}, control.words[step]),
        act(step, "earlier", "↑", () => (at > 0 ? swapped(at, at - 1) : now)),
        act(step, "later", "↓", () => (at < now.length - 1 ? swapped(at, at + 1) : now)),
        act(step, "take out", "×", () => now.filter((each) => each !== step)),
        make("p", { class: "lk-note" }, notes[step] ?? ""))));
      left.replaceChildren(...control.words.flatMap((word, step) => (now.includes(step) ? [] : [make("li", { class: "lk-step" },
        make("span", {}, word), act(step, "put next", "+", () => [...now, step]),
        make("p", { class: "lk-note" }, notes[step] ?? ""))])));
      if (focused) el.querySelector(`[data-step="${focused}"]`)?.focus();
    };
    shows[control.name] = {
      value: (steps) => { if (String(steps) !== String(now) || !left.children.length) show(steps); },
      view: (view) => { notes = view.notes[control.name] ?? {}; show(now); },
    };
    return [make("p", { class: "lk-help" }, "Your order, first to last:"), chosen,
      make("p", { class: "lk-help" }, "Steps not used yet:"), left];
  };

  // A tape: played by the browser, one place at a time and never ahead of the picture.
  const play = (control, id) => {
    const PACES = [["slow", 1600], ["as usual", 800], ["fast", 250], ["as fast as it can", 30]];
    let last = 0, timer = null;
    const at = () => input.valueAsNumber;
    const go = (place) => {
      const next = Math.min(Math.max(place, 0), last);
      if (next === at()) return;
      input.value = next;
      send(control.name, next);
    };
    const tick = () => {
      if (!el.isConnected || at() >= last) return stop();
      if (sent === null) go(at() + 1);
    };
    const start = () => {
      if (at() >= last) go(0);
      timer = setInterval(tick, PACES[Number(pace.value)][1]);
      says("‖ Pause");
    };
    stop = () => { clearInterval(timer); timer = null; says("▶ Play"); };
    const by = (label, name, key, does) => {
      keys[key] = does;
      return make("button", { type: "button", "aria-keyshortcuts": key, title: `${name} (key ${key})`, "aria-label": name,
        onclick: does }, label);
    };
    const plays = make("button", { type: "button", class: "lk-play", "aria-keyshortcuts": "p", onclick: () => keys.p() });
    const says = (word) => plays.replaceChildren(word, make("kbd", { "aria-hidden": "true" }, "p"));
    says("▶ Play");
    keys.p = () => (timer === null ? start() : stop());
    const halting = (place) => () => { stop(); go(place()); };
    const pace = make("select", { id: `${id}-pace`, onchange: () => { if (timer !== null) { stop(); start(); } } },
      ...PACES.map(([word], place) => make("option", { value: place, selected: place === 1 }, word)));
    const tell = () => input.setAttribute("aria-valuetext", `${at()} of ${last}`);
    const input = make("input", { type: "range", id, min: 0, max: 0, step: 1, oninput: () => {
      stop();
      tell();
      send(control.name, at());
    } });
    shows[control.name] = {
      value: (place) => { input.value = place; tell(); },
      view: (view) => {
        last = view.last[control.name] ?? last;
        input.max = last; // before the value is shown, which it would cut off
      },
    };
    return [make("div", { class: "lk-line" },
      by("|◀", "To the start", "[", halting(() => 0)), by("◀", "One step back", ",", halting(() => at() - 1)), plays,
      by("▶", "One step on", ".", halting(() => at() + 1)), by("▶|", "To the end", "]", halting(() => last)),
      make("label", { for: `${id}-pace` }, "Pace"), pace, make("label", { for: id }, control.label), input)];
  };

  const makers = {
    slider, choice, switch: toggle, text: line, order, play,
    radio: (control, id) => options(control, id, "radio"), checks: (control, id) => options(control, id, "checkbox"),
  };

  const button = ({ name, label, key }) => {
    if (key) keys[key] = () => press(name);
    buttons[name] = make("button", { type: "button", "aria-keyshortcuts": key, onclick: () => press(name) },
      label, ...(key ? [" ", make("kbd", { "aria-hidden": "true" }, key)] : []));
    return buttons[name];
  };

  const groups = form.groups.map((group, place) => make("fieldset", {
    class: `lk-group${group.controls.some(({ kind }) => kind === "play") ? " lk-tape" : ""}` },
    make("legend", {}, group.legend),
    ...group.controls.flatMap((control, nth) => makers[control.kind](control, `${page}-${place}-${nth}`)),
    ...(group.buttons.length ? [make("div", { class: "lk-buttons" }, ...group.buttons.map(button))] : [])));

  // --- the page around them

  const tries = form.tries.map((each, place) => make("li", {},
    button({ name: `try-${place}`, label: each.label, key: "" }), make("span", { class: "lk-watch" }, each.watch)));
  const head = [make("p", { id: `${page}-title`, class: "lk-title" }, form.title), 
    ...(form.question ? [make("p", { class: "lk-question" }, form.question)] : [])];
  if (tries.length) head.push(make("ul", { class: "lk-tries", "aria-label": "Things to try" }, ...tries));
  const controls = make("div", { class: "lk-controls" }, ...groups,
    ...(form.reset ? [button({ name: "reset", label: form.reset, key: "" })] : []));
  const says = make("p", { class: "lk-says", role: "status" });
  const problem = make("p", { class: "lk-problem", role: "alert" });
  const picture = make("div", { class: "lk-picture", tabindex: "-1" });
  const words = make("pre");
  const more = make("details", { class: "lk-words", ontoggle: () => showWords(model.get("view")) },
    make("summary", {}, "The same in words"), words);
  const result = make("div", { class: "lk-result" }, says, problem, picture, more);
  const root = make("div", { class: `lk-page lk-${form.layout}`, role: "group", "aria-labelledby": `${page}-title` },
    ...head, make("div", { class: "lk-body" }, ...(form.layout === "beside" ? [result, controls] : [controls, result])));

  const showWords = (view) => { if (more.open) words.textContent = view.words; };
  const showView = () => {
    const view = model.get("view");
    if (says.textContent !== view.says) says.textContent = view.says;
    if (problem.textContent !== view.problem) problem.textContent = view.problem;
    picture.innerHTML = view.picture;
    more.hidden = !view.words;
    showWords(view);
    for (const [name, each] of Object.entries(buttons)) {
      const why = view.refused[name];
      each.setAttribute("aria-disabled", String(why !== undefined));
      each.title = why ?? "";
    }
    if (view.nth === sent) sent = null;
    const ahead = (name) => outbox.some(({ turn }) => turn && name in turn);
    for (const [name, show] of Object.entries(shows)) {
      show.view?.(view);
      if (!ahead(name)) show.value(view.values[name]);
    }
    post();
  };

  // Keys of one letter work while the focus is on this page, and never while something is being typed.
  const typed = (target) => target.matches("select, textarea, input[type=text]");
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typed(event.target) || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  // JupyterLab would take arrows and single keys for commands of its own ("x" cuts the cell), and looks at the element
  // in focus first; Ctrl-S still saves.
  const guard = (event) => {
    if (root.contains(event.target)) {
      event.target.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
    }
  };
  window.addEventListener("keydown", guard, true);
  // An arrow of the diagram is pressed like its button.
  picture.addEventListener("click", (event) => {
    const when = event.target.closest("[data-when]")?.dataset.when.split(", ") ?? [];
    const name = when.find((each) => buttons[each]?.getAttribute("aria-disabled") === "false");
    if (name) press(name);
  });

  el.replaceChildren(root);
  showView();
  model.on("change:view", showView);
  return () => {
    stop();
    window.removeEventListener("keydown", guard, true);
    model.off("change:view", showView);
  };
}

export default { render };
