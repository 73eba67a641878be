// A small app on otomo-client: the list of otomo, and a call with one of them. Whoever opens it as an otomo can be called.
import { createOtomo, OtomoError, type OtomoPerson } from 'otomo-client';

const query = new URLSearchParams(location.search);
const me = { userId: query.get('user') ?? 'taro', role: query.get('role') ?? 'user' };

/** In earnest your own backend gives tokens; a server in development mode lends them. */
async function token(): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('/dev/token', { method: 'POST', headers, body: JSON.stringify({ ...me, name: me.userId }) });
  return (await answer.json()).token;
}

const otomo = createOtomo({ token });
const { calls } = otomo;
const place = (id: string): HTMLElement => document.getElementById(id)!;
const loudspeaker = place('loudspeaker') as HTMLAudioElement;

function button(text: string, press: () => Promise<unknown> | void): HTMLButtonElement {
  const element = document.createElement('button');
  element.textContent = text;
  element.onclick = async () => {
    try {
      await press();
    } catch (error) {
      place('notice').textContent = error instanceof OtomoError ? error.code : String(error);
    }
  };
  return element;
}

function row({ userId, name, status }: OtomoPerson): HTMLLIElement {
  const item = document.createElement('li');
  item.append(`${name ?? userId}: ${status} `);
  if (status === 'online' && me.role === 'user') item.append(button('Call', () => calls.place(userId)));
  return item;
}

function show(): void {
  const { phase, peer, ending, peerBackBy, remoteStream } = calls.store.get();
  place('link').textContent = `${me.userId}: ${otomo.link.get().phase}`;
  place('list').replaceChildren(...otomo.otomos.get().map(row));
  place('call').replaceChildren(phase === 'idle' ? '' : `${peer?.name ?? peer?.userId}: ${ending?.reason ?? phase} `);
  if (peerBackBy !== null) place('call').append('(reconnecting) ');
  if (phase === 'incoming') place('call').append(button('Accept', () => calls.accept()));
  if (phase === 'ended') place('call').append(button('Close', () => calls.dismiss()));
  else if (phase !== 'idle') place('call').append(button('Hang up', () => calls.end()));
  if (loudspeaker.srcObject !== remoteStream) loudspeaker.srcObject = remoteStream;
}

for (const store of [otomo.link, otomo.otomos, calls.store]) store.subscribe(show);
otomo.on('call_missed', ({ fromUserName }) => {
  place('notice').textContent = `You missed ${fromUserName}`;
});
show();
otomo.start();
