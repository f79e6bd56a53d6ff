'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = (id) => document.getElementById(id);
  const make = (name, attributes, parent, text) => {
    const svg = ['svg', 'g', 'line', 'path', 'circle', 'text'].includes(name);
    const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };

  // The theme: the system's, until the reader says otherwise.
  const systemDark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme || (systemDark.matches ? 'dark' : 'light')) === 'dark';
  const nameTheme = () => { $('theme').textContent = isDark() ? 'Light' : 'Dark'; $('theme').setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`); };
  $('theme').addEventListener('click', () => { document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'; nameTheme(); });
  systemDark.addEventListener('change', nameTheme);
  nameTheme();
  $('theme').hidden = false;

  const { nodes, events, edges, steps } = data;
  if (events.length === 0) return;

  // What happened before what: by the order of a node's own events, and by messages.
  const line = nodes.map(() => []);
  events.forEach((event, index) => { event.place = line[event.node].length; line[event.node].push(index); });
  const causes = events.map((event, index) => (event.place > 0 ? [line[event.node][event.place - 1]] : []));
  const effects = events.map((event) => line[event.node].slice(event.place + 1, event.place + 2));
  const edgesOf = events.map(() => []);
  edges.forEach((edge, index) => {
    causes[edge.receive].push(edge.send);
    effects[edge.send].push(edge.receive);
    edgesOf[edge.send].push(index);
    edgesOf[edge.receive].push(index);
  });
  const reach = (from, next) => {
    const seen = new Set();
    const todo = [...next[from]];
    while (todo.length) {
      const index = todo.pop();
      if (!seen.has(index)) { seen.add(index); todo.push(...next[index]); }
    }
    return seen;
  };

  // The drawing. Positions along time are set by `place`, below.
  const radius = 5;
  const svg = make('svg', { role: 'application', 'aria-roledescription': 'space-time diagram', 'aria-label': `${events.length} events on ${nodes.length} nodes`, 'aria-describedby': 'keys' }, $('scroll'));
  const lanes = nodes.map((node) => {
    const label = make('div', {}, $('labels'));
    const [word, number] = node.name.split(' ');
    const name = make('b', {}, label);
    make('span', {}, name, `${word} `);
    name.append(number);
    make('small', {}, label, node.clock);
    return make('line', { class: 'lane' }, svg);
  });
  const arrows = edges.map((edge) => {
    const group = make('g', { class: 'arrow' }, svg);
    const wrong = edge.wrong ? ' wrong' : '';
    return { group, edge: make('path', { class: `edge${wrong}` }, group), head: make('path', { class: `head${wrong}` }, group), hit: make('path', { class: 'hit' }, group) };
  });
  const backsteps = steps.map((step) => {
    const group = make('g', { class: 'backstep' }, svg);
    return { group, arc: make('path', { class: 'step' }, group), head: make('path', { class: 'step-head' }, group), text: make('text', { class: 'step-text' }, group, `set back ${step.by}`) };
  });
  $('legend-step').hidden = steps.length === 0;
  const dots = events.map((event, index) => {
    const dot = make('g', { class: 'event', role: 'button', tabindex: index === 0 ? 0 : -1, 'aria-roledescription': 'event', 'aria-label': describe(index) }, svg);
    make('circle', { class: 'area', r: 12 }, dot);
    make('circle', { class: 'ring', r: radius + 4 }, dot);
    make('circle', { class: `dot ${event.kind}`, r: event.kind === 'send' ? radius : radius - 0.7 }, dot);
    return dot;
  });

  // The axes. Events move from one to the other, unless the reader asked for less motion.
  const axes = [
    ['true time', 'True time: what nobody inside the system can see. Every arrow runs forward.'],
    ['wall clocks', ''],
    ['Lamport', 'Lamport clocks: every arrow runs forward. Events that share a place are put in order by their node.'],
    ['HLC', 'Hybrid logical clocks: every arrow runs forward, and the stamps stay close to the wall clocks.'],
  ];
  const backwards = edges.filter((edge) => edge.wrong).length;
  axes[1][1] = backwards
    ? `Wall clocks: ${backwards} of ${edges.length} messages run backwards, from effect to cause.`
    : `Wall clocks: every arrow runs forward here. These clocks were lucky.`;
  // The script counts for itself, so that a broken clock is seen broken.
  for (const [axis, key] of [[2, 'lamport'], [3, 'hlc']]) {
    const broken = edges.filter((edge) => !edge[key]).length;
    if (broken) axes[axis][1] = `${axes[axis][0]}: ${broken} of ${edges.length} messages don't run forward. This clock is broken.`;
  }
  const narrow = matchMedia('(max-width: 44rem)');
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  let axis = 0;
  let scaled = false;
  let vertical = false;
  let lane = 0;
  let length = 0;
  let along = events.map(() => 0);
  let frame = 0;
  const margin = 26;

  const across = (node) => (node + 0.5) * lane;
  const point = (time, space) => (vertical ? [space, time] : [time, space]);
  const at = (index) => point(along[index], across(events[index].node));
  const text = (...points) => points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);

  function resize() {
    vertical = narrow.matches;
    $('diagram').classList.toggle('vertical', vertical);
    const room = $('scroll').clientWidth;
    lane = vertical ? room / nodes.length : Math.min(92, Math.max(56, 460 / nodes.length));
    $('diagram').classList.toggle('tight', vertical && lane < 50);
    const places = new Set(events.map((event) => event.even[0])).size;
    length = vertical ? places * 17 + 2 * margin : Math.max(room, places * 11 + 2 * margin);
    const [width, height] = point(length, lane * nodes.length);
    svg.setAttribute('width', width);
    svg.setAttribute('height', height);
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    lanes.forEach((element, node) => {
      const [[x1, y1], [x2, y2]] = [point(0, across(node)), point(length, across(node))];
      for (const [key, value] of Object.entries({ x1, y1, x2, y2 })) element.setAttribute(key, value);
    });
    move(false);
  }

  function move(animate) {
    const from = along;
    const to = events.map((event) => margin + (scaled ? event.scale : event.even)[axis] * (length - 2 * margin));
    cancelAnimationFrame(frame);
    if (!animate || calm.matches) { along = to; place(); return; }
    let began;
    const step = (now) => {
      began ??= now;
      const part = Math.min(1, (now - began) / 600);
      const eased = part < 0.5 ? 4 * part ** 3 : 1 - (-2 * part + 2) ** 3 / 2;
      along = to.map((target, index) => from[index] + (target - from[index]) * eased);
      place();
      if (part < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
  }

  function place() {
    dots.forEach((dot, index) => dot.setAttribute('transform', `translate(${text(at(index))})`));
    edges.forEach((edge, index) => {
      const [[x1, y1], [x2, y2]] = [at(edge.send), at(edge.receive)];
      const far = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [dx, dy] = [(x2 - x1) / far, (y2 - y1) / far];
      const tip = [x2 - dx * (radius + 1.5), y2 - dy * (radius + 1.5)];
      const neck = [tip[0] - dx * 9, tip[1] - dy * 9];
      const [start, end] = text([x1, y1], neck);
      arrows[index].edge.setAttribute('d', `M${start}L${end}`);
      arrows[index].hit.setAttribute('d', `M${start}L${end}`);
      const [a, b, c] = text(tip, [neck[0] - dy * 4, neck[1] + dx * 4], [neck[0] + dy * 4, neck[1] - dx * 4]);
      arrows[index].head.setAttribute('d', `M${a}L${b}L${c}Z`);
    });
    steps.forEach((step, index) => {
      const [from, to] = [along[step.from], along[step.to]];
      const base = across(events[step.from].node);
      const side = vertical ? -1 : 1;
      const lift = Math.min(lane * 0.42, 16 + Math.abs(to - from) / 8) * side;
      const end = point(to, base + side * (radius + 2));
      const [a, b, c, d] = text(point(from, base + side * (radius + 1)), point(from, base + lift * 1.35), point(to, base + lift * 1.35), end);
      backsteps[index].arc.setAttribute('d', `M${a}C${b} ${c} ${d}`);
      const [left, right] = text(point(to - 4.5, base + side * (radius + 8)), point(to + 4.5, base + side * (radius + 8)));
      backsteps[index].head.setAttribute('d', `M${left}L${d}L${right}`);
      // The text: on a wide arc, below a narrow one; on a column, beside it where there is room.
      const middle = (from + to) / 2;
      const [x, y, anchor] = vertical
        ? [base > 130 ? base - 12 : base + 12, middle + 4, base > 130 ? 'end' : 'start']
        : [Math.min(Math.max(middle, 60), length - 60), base + lift + (Math.abs(to - from) > 150 ? 4 : 13), 'middle'];
      for (const [key, value] of Object.entries({ x: x.toFixed(1), y: y.toFixed(1), 'text-anchor': anchor })) backsteps[index].text.setAttribute(key, value);
    });
    if (chosen !== null) putCard();
  }

  // One event is chosen at a time: the one in focus, else the one pointed at.
  let chosen = null;
  let leaving = 0;

  function describe(index) {
    const event = events[index];
    const other = edgesOf[index].map((edge) => edges[edge]);
    const what = event.kind === 'send' ? `sends message ${event.message} to ${event.peer}` : `receives message ${event.message} from ${event.peer}`;
    const verdict = other.length === 0 ? 'The other end is not in the diagram.' : other.map((edge) => `By the wall clocks it is received ${edge.wall}${edge.wrong ? ': wrong' : ''}. Lamport: ${edge.lamport ? 'right' : 'wrong'}. HLC: ${edge.hlc ? 'right' : 'wrong'}. Vector clock: ${edge.vector ? 'right' : 'wrong'}.`).join(' ');
    return `${nodes[event.node].name} ${what}. Wall clock ${event.wall}, Lamport ${event.lamport}, HLC ${event.hlc}, vector clock ${event.vector}. ${verdict}`;
  }

  function choose(index) {
    clearTimeout(leaving);
    if (index === chosen) return;
    chosen = index;
    const cone = index === null ? null : { past: reach(index, causes), future: reach(index, effects) };
    const inside = (other) => cone === null || other === index || cone.past.has(other) || cone.future.has(other);
    dots.forEach((dot, other) => { dot.classList.toggle('chosen', other === index); dot.classList.toggle('faded', !inside(other)); });
    arrows.forEach((arrow, edge) => {
      arrow.group.classList.toggle('faded', !(inside(edges[edge].send) && inside(edges[edge].receive)));
      arrow.edge.classList.toggle('chosen', index !== null && edgesOf[index].includes(edge));
    });
    backsteps.forEach((back, step) => back.group.classList.toggle('faded', !(inside(steps[step].from) && inside(steps[step].to))));
    $('card').hidden = index === null;
    if (index === null) return;
    fillCard(index, cone);
    putCard();
  }

  function fillCard(index, cone) {
    const event = events[index];
    const card = $('card');
    card.replaceChildren();
    const edge = edges[edgesOf[index][0]];
    const [send, receive] = edge ? [events[edge.send], events[edge.receive]] : [event.kind === 'send' ? event : null, event.kind === 'receive' ? event : null];
    const names = event.kind === 'send' ? [nodes[event.node].name, event.peer] : [event.peer, nodes[event.node].name];
    make('h3', {}, card, `Message ${event.message}: ${names[0]} → ${names[1]}`);
    const table = make('table', {}, card);
    const head = make('tr', {}, make('thead', {}, table));
    make('th', {}, head);
    make('th', { class: event === send ? 'here' : '' }, head, 'sent');
    make('th', { class: event === receive ? 'here' : '' }, head, 'received');
    make('th', {}, head);
    const body = make('tbody', {}, table);
    for (const [name, key, right] of [['true time', 'time', true], ['wall clock', 'wall', edge && !edge.wrong], ['Lamport', 'lamport', edge && edge.lamport], ['HLC', 'hlc', edge && edge.hlc], ['vector', 'vector', edge && edge.vector]]) {
      const row = make('tr', {}, body);
      make('th', {}, row, name);
      make('td', {}, row, send ? send[key] : '–');
      make('td', { class: edge && !right ? 'bad' : '' }, row, receive ? receive[key] : '–');
      make('td', { class: edge && !right ? 'bad' : '' }, row, edge ? (right ? '✓' : '✗') : '');
    }
    if (!edge) make('p', {}, card, send ? 'It was not received.' : 'Its send is not in the diagram.');
    else if (edge.wrong) make('p', { class: 'bad' }, card, `By the wall clocks: received ${edge.wall}.`);
    const apart = events.length - 1 - cone.past.size - cone.future.size;
    make('p', { class: 'cone' }, card, `Of the other events here, ${cone.past.size} came before, ${cone.future.size} after, and ${apart} are spacelike.`);
  }

  // Beside the event, on the side away from the message's other end, so that the message stays in sight.
  function putCard() {
    if (vertical) return;
    const card = $('card');
    const frame = $('diagram').getBoundingClientRect();
    const dot = dots[chosen].getBoundingClientRect();
    const end = otherEnd(chosen);
    const gap = 16;
    const sides = [dot.right - frame.left + gap, dot.left - frame.left - gap - card.offsetWidth];
    if (end !== undefined && along[end] > along[chosen]) sides.reverse();
    const fits = (left) => left >= 0 && left + card.offsetWidth <= frame.width;
    const left = sides.find(fits) ?? Math.max(0, frame.width - card.offsetWidth);
    const top = (dot.top + dot.bottom) / 2 - frame.top - card.offsetHeight / 2;
    card.style.left = `${left}px`;
    card.style.top = `${Math.min(Math.max(top, 0), Math.max(0, frame.height - card.offsetHeight))}px`;
  }

  const focused = () => { const index = dots.indexOf(document.activeElement); return index < 0 ? null : index; };
  const leave = () => { clearTimeout(leaving); leaving = setTimeout(() => choose(focused()), 150); };

  function focus(index) {
    if (index === undefined) return;
    dots.forEach((dot, other) => dot.setAttribute('tabindex', other === index ? 0 : -1));
    dots[index].focus();
  }

  function nearest(index, node) {
    const candidates = line[node] || [];
    return candidates.reduce((best, other) => (best === undefined || Math.abs(along[other] - along[index]) < Math.abs(along[best] - along[index]) ? other : best), undefined);
  }

  function neighbour(index, by) {
    for (let node = events[index].node + by; node >= 0 && node < nodes.length; node += by) {
      if (line[node].length) return nearest(index, node);
    }
    return undefined;
  }

  function otherEnd(index) {
    const ends = edgesOf[index].map((edge) => (edges[edge].send === index ? edges[edge].receive : edges[edge].send));
    return ends[0];
  }

  dots.forEach((dot, index) => {
    const event = events[index];
    const own = line[event.node];
    dot.addEventListener('pointerenter', () => choose(index));
    dot.addEventListener('pointerleave', leave);
    dot.addEventListener('click', () => { focus(index); choose(index); });
    dot.addEventListener('focus', () => {
      choose(index);
      dot.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
    dot.addEventListener('blur', leave);
    dot.addEventListener('keydown', (key) => {
      const [forward, back, down, up] = vertical ? ['ArrowDown', 'ArrowUp', 'ArrowRight', 'ArrowLeft'] : ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp'];
      const actions = {
        [forward]: () => focus(own[event.place + 1]),
        [back]: () => focus(own[event.place - 1]),
        [down]: () => focus(neighbour(index, 1)),
        [up]: () => focus(neighbour(index, -1)),
        Home: () => focus(own[0]),
        End: () => focus(own[own.length - 1]),
        Enter: () => focus(otherEnd(index)),
        ' ': () => focus(otherEnd(index)),
      };
      if (actions[key.key] && !key.ctrlKey && !key.metaKey && !key.altKey) {
        key.preventDefault();
        actions[key.key]();
      }
    });
  });
  arrows.forEach((arrow, index) => {
    arrow.hit.addEventListener('pointerenter', () => choose(edges[index].send));
    arrow.hit.addEventListener('pointerleave', leave);
    arrow.hit.addEventListener('click', () => focus(edges[index].send));
  });
  $('card').addEventListener('pointerenter', () => clearTimeout(leaving));
  $('card').addEventListener('pointerleave', leave);
  document.addEventListener('keydown', (key) => { if (key.key === 'Escape') choose(null); });

  const option = (group, name, checked, text, act) => {
    const label = make('label', {}, $(group));
    const input = make('input', { type: 'radio', name }, label);
    input.checked = checked;
    label.append(text);
    input.addEventListener('change', act);
  };
  const say = () => {
    const small = axis === 3 && scaled ? ' Stamps that differ in their counter alone share a place at this scale.' : '';
    $('verdict').textContent = axes[axis][1] + small;
  };
  axes.forEach(([name], index) => option('axes', 'axis', index === axis, name, () => { axis = index; say(); move(true); }));
  option('spacings', 'spacing', true, 'even', () => { scaled = false; say(); move(true); });
  option('spacings', 'spacing', false, 'to scale', () => { scaled = true; say(); move(true); });

  for (const id of ['controls', 'diagram', 'keys']) $(id).hidden = false;
  say();
  resize();
  new ResizeObserver(() => resize()).observe($('scroll'));
  narrow.addEventListener('change', resize);
})();
