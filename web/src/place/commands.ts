/* What can be done on the wall as a place, as commands. */
import type { App } from '../app/app.ts';
import type { Command } from '../app/commands.ts';
import type { PlaceDoor } from './door.ts';

export function placeCommands(app: App, door: PlaceDoor): Command[] {
  const isNow = (): boolean => !app.doors.isPast;
  const isDrawer = (): boolean => door.mode === 'draw';
  return [
    {
      id: 'places.find',
      title: 'place.title',
      group: 'places',
      keys: ['g', '/'],
      isOn: () => door.place?.panel.isOpen === true,
      run: () => door.with((place) => place.find('search')),
    },
    {
      id: 'places.back',
      title: 'place.back',
      group: 'places',
      keys: ['alt+arrowleft'],
      run: () => door.back(),
    },
    {
      id: 'places.forward',
      title: 'place.forward',
      group: 'places',
      keys: ['alt+arrowright'],
      run: () => door.forward(),
    },
    {
      id: 'places.lively',
      title: 'place.lively',
      group: 'places',
      keys: ['w'],
      isAvailable: isNow,
      run: () => door.with((place) => place.goLively()),
    },
    {
      id: 'places.name',
      title: 'places.nameThis',
      group: 'places',
      keys: ['b'],
      run: () => door.with((place) => place.name()),
    },
    {
      id: 'places.map',
      title: 'map.title',
      group: 'places',
      keys: ['j'],
      isOn: () => door.place?.map.isShown === true,
      run: () => door.with((place) => place.toggleMap()),
    },
    {
      id: 'places.activity',
      title: 'activity.title',
      group: 'places',
      keys: ['shift+h'],
      isAvailable: isNow,
      isOn: () => door.place?.heat.isShown === true,
      run: () => door.with((place) => place.toggleHeat()),
    },
    {
      id: 'places.tour',
      title: 'tour.title',
      group: 'places',
      keys: ['shift+w'],
      isAvailable: isNow,
      isOn: () => door.place?.isTouring === true,
      run: () => door.with((place) => place.toggleTour()),
    },
    {
      id: 'places.link',
      title: 'place.copyLink',
      group: 'page',
      run: () => door.with((place) => place.copyLink()),
    },
    {
      id: 'places.embed',
      title: 'embed.title',
      group: 'page',
      keys: ['shift+e'],
      run: () => door.with((place) => place.embed()),
    },
    {
      id: 'people.here',
      title: 'people.title',
      group: 'people',
      keys: ['u'],
      run: () => door.with((place) => place.find('people')),
    },
    {
      id: 'people.unfollow',
      title: 'follow.end',
      group: 'people',
      isAvailable: () => door.place?.isFollowing === true,
      run: () => door.place?.ownWay(),
    },
    {
      id: 'people.allowFollow',
      title: 'follow.allow',
      group: 'page',
      isAvailable: isDrawer,
      isOn: () => !door.isRefusing,
      run: () => door.refuse(!door.isRefusing),
    },
  ];
}
