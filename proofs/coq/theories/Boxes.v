(** A farsighted follower: bounds over boxes of his values prove an upper bound for every policy of a
    Markov leader (proofs/farsighted-bound.md), for certificates of real numbers.

    A place [(k, s)] is a state [s] with [k] steps to go; [v] there is [eta] times his soft value. A part of the
    cover says in which intervals [v] lies, and claims that [(v - mid, W - dot slope)] is below points. *)
From Coq Require Import Reals List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums JointMajorant Gibbs Game Farsighted Leaning.
Import ListNotations.
Open Scope R_scope.

Definition place := (nat * nat)%type.    (* steps to go, state *)

(** Majorants, with slopes [sigma] at which to read the claims of the next step; "chord" leaves some of its
    states free. *)
Inductive leaning :=
  | LUp (s : R) (sigma : nat -> R)
  | LDown (kappa : R) (sigma : nat -> R)
  | LChord (kappa : R) (sigma : nat -> R) (loose : nat -> bool).

Definition base_of (m : leaning) : majorant :=
  match m with LUp s _ => Up s | LDown k _ => Down k | LChord k _ _ => Down k end.

Definition slopes_of (m : leaning) : nat -> R :=
  match m with LUp _ sigma => sigma | LDown _ sigma => sigma | LChord _ sigma _ => sigma end.

Definition loose_of (m : leaning) : nat -> bool :=
  match m with LChord _ _ loose => loose | _ => fun _ => false end.

(** A piece of an interval: lam, its end, and a tree for each cell, which show that the sum is bounded. *)
Record piece := Piece { at_most_here : R; stop : R; trees_here : list (tree leaning) }.

Record part := Part {
  lo : nat -> nat -> R; hi : nat -> nat -> R;              (* of v *)
  mid : nat -> nat -> R; radius : place -> R;              (* around v *)
  slope : nat -> nat -> place -> R;                        (* c *)
  points : nat -> nat -> list (R * R);                     (* of the claim *)
  pieces : nat -> nat -> list piece;                       (* that show it *)
  reference : nat -> R; first : nat -> piece }.            (* of step 0, by state *)

Inductive cover :=
  | Bounded (p : part)
  | Void (p : part)                                        (* no policy's values are there *)
  | Halves (j : place) (at_ : R) (low high : cover).

Section Model.
Variables (M : model) (e : R).
Let S' := seq 0 (states M).
Let A := seq 0 (leader M).
Let B := seq 0 (follower M).
Let places : list place := list_prod (seq 0 (horizon M)) S'.

(** A game with a follower of a finite [eta], and any [gamma >= 0]. *)
Definition is_farsighted : Prop :=
  eta M = Some e /\ 0 < e /\ 0 <= gamma M /\ (0 < horizon M)%nat /\ (0 < follower M)%nat /\
  is_partition (follower M) (observes M) = true /\ simplex (rho M) S' /\
  forall h s a b, (h < horizon M)%nat -> (s < states M)%nat -> (a < leader M)%nat -> (b < follower M)%nat ->
    simplex (P M h s a b) S'.

(** Places that matter: no others are reached. *)
Variable reachable : nat -> nat -> bool.
Definition closed : Prop :=
  (forall s, (s < states M)%nat -> rho M s <> 0 -> reachable (horizon M) s = true) /\
  forall k s a b t, (S k <= horizon M)%nat -> (s < states M)%nat -> (a < leader M)%nat -> (b < follower M)%nat ->
    (t < states M)%nat -> reachable (S k) s = true -> P M (horizon M - S k) s a b t <> 0 -> reachable k t = true.

(** *** What a stage adds up: [k] steps to go after it *)
Section Part.
Variable p : part.

Section Stage.
Variables (k s : nat).
Let h := (horizon M - S k)%nat.
Variables (m lam : R) (c : place -> R).    (* what is taken from x, the bound and its slopes *)

Definition x_of (b a : nat) : R := e * r M h s a b + gamma M * mean (P M h s a b) (mid p k) S' - m.

Definition of_next (loose : nat -> bool) (f : nat -> R) (j : place) : R :=
  if (fst j =? k)%nat && negb (loose (snd j)) then f (snd j) else 0.

Definition push_of (loose : nat -> bool) (b a : nat) : place -> R :=
  of_next loose (fun t => gamma M * P M h s a b t).

Definition y_of (sigma : nat -> R) (loose : nat -> bool) (b a : nat) : R :=
  u M h s a b + mean (P M h s a b) (fun t => if loose t then 0 else support (points p k t) (sigma t)) S'.

Definition lean_of (sigma : nat -> R) (loose : nat -> bool) (b a : nat) (j : place) : R :=
  mean (P M h s a b) (fun t => slope p k t j) S' - of_next loose (fun t => P M h s a b t * sigma t) j.

(** What free places add: the least and the largest value, and [max (theta K - gamma d)]. *)
Definition free_sum (loose : nat -> bool) (f : list (R * R) -> R) (b a : nat) : R :=
  mean (P M h s a b) (fun t => if loose t then f (points p k t) else 0) S'.

Definition lowest (l : list (R * R)) : R := - maximum (fun x => - snd x) l.
Definition highest (l : list (R * R)) : R := maximum snd l.
Definition steepest (theta : R) (l : list (R * R)) : R := maximum (fun x => theta * snd x - gamma M * fst x) l.

(** A majorant's form [A + L . dv] at the mixture [C]. *)
Definition has_form (kind : leaning) (b : nat) (C : nat -> R) (a : R) (l : place -> R) : Prop :=
  let sigma := slopes_of kind in
  let loose := loose_of kind in
  let x := mean C (x_of b) A in
  let y := mean C (y_of sigma loose b) A in
  let push := fun j => mean C (fun i => push_of loose b i j) A in
  let lean := fun j => mean C (fun i => lean_of sigma loose b i j) A in
  let delta := reach places (radius p) (tau c lean) in
  match kind with
  | LUp n _ =>
      let d := reach places (radius p) (up_slope c n push lean) in
      0 < n /\ up_height lam n x y * (exp d - d) <= a /\
      forall j, l j = up_height lam n x y * up_slope c n push lean j
  | LDown kappa _ => exists theta,
      0 < kappa /\ delta < lam - y /\ 0 <= theta /\ theta * (lam - y) <= 1 /\
      - (kappa * (1 + x + ln ((lam - y - delta) / kappa) + theta * delta)) <= a /\
      forall j, l j = down_slope c kappa theta push lean j
  | LChord kappa _ _ => exists chords : list (R * R * R),
      0 < kappa /\
      (forall T, lam - y - mean C (free_sum loose highest b) A - delta <= T <=
                 lam - y - mean C (free_sum loose lowest b) A + delta ->
        exists L R theta, In (L, R, theta) chords /\ L <= T <= R) /\
      forall L R theta, In (L, R, theta) chords -> 0 < L /\ 0 < theta /\
        chord_height lam kappa x y (mean C (free_sum loose (steepest theta) b) A) (L, R, theta) <= a /\
        forall j, l j = down_slope c kappa theta push lean j
  end.

(** The cells' trees show that the stage's sum is at most [G], for some vectors [M_c] of Lemma 2. *)
Definition sum_shown (G : R) (ts : list (tree leaning)) : Prop := exists proofs,
  map (fun x : proof_of_cell leaning => fst (fst x)) proofs = ts /\
  cells_hold places (radius p) leaning (leader M) has_form (observes M) proofs /\
  total places (radius p) leaning proofs <= G.
End Stage.

(** *** The inequalities of a part *)
Definition box := place -> option R.

(** Its intervals: what the box says, or what the next step's intervals leave. *)
Definition low_shown (least : box) (k s : nat) : Prop :=
  (exists a, least (S k, s) = Some a /\ lo p (S k) s <= a) \/
  exists f : nat -> R, (forall a b, (a < leader M)%nat -> (b < follower M)%nat ->
    f b <= e * r M (horizon M - S k) s a b + gamma M * mean (P M (horizon M - S k) s a b) (lo p k) S') /\
    lo p (S k) s <= ln (rsum (fun b => exp (f b)) B).

Definition high_shown (most : box) (k s : nat) : Prop :=
  (exists a, most (S k, s) = Some a /\ a <= hi p (S k) s) \/
  exists f : nat -> R, (forall a b, (a < leader M)%nat -> (b < follower M)%nat ->
    e * r M (horizon M - S k) s a b + gamma M * mean (P M (horizon M - S k) s a b) (hi p k) S' <= f b) /\
    ln (rsum (fun b => exp (f b)) B) <= hi p (S k) s.

Definition is_place (k s : nat) : Prop := (k < horizon M)%nat /\ (s < states M)%nat /\ reachable k s = true.

Definition intervals_hold (least most : box) : Prop :=
  (forall s, (s < states M)%nat -> lo p 0 s <= 0 <= hi p 0 s) /\
  forall k s, is_place (S k) s -> low_shown least k s /\ high_shown most k s.

Definition middles_hold : Prop :=
  (forall s, (s < states M)%nat -> mid p 0 s = 0) /\ (forall j, 0 <= radius p j) /\
  forall k s, is_place k s -> mid p k s - radius p (k, s) <= lo p k s /\ hi p k s <= mid p k s + radius p (k, s).

(** A claim's points are shown by pieces from the least to the largest [v - mid]. *)
Definition piece_holds (k s : nat) (start : R) (q : piece) : Prop := exists G middle K K',
  sum_shown k s (mid p (S k) s) (at_most_here q) (slope p (S k) s) G (trees_here q) /\
  In (start, K) (points p (S k) s) /\ In (stop q, K') (points p (S k) s) /\
  at_most_here q + piece_height G middle start <= K /\ at_most_here q + piece_height G middle (stop q) <= K'.

Fixpoint pieces_hold (k s : nat) (start last : R) (l : list piece) : Prop :=
  match l with
  | [] => start <= last -> False
  | [q] => piece_holds k s start q /\ last <= stop q
  | q :: rest => piece_holds k s start q /\ pieces_hold k s (stop q) last rest
  end.

Definition claims_hold : Prop :=
  (forall s, (s < states M)%nat -> points p 0 s = [(0, 0)] /\ forall j, slope p 0 s j = 0) /\
  forall k s, is_place (S k) s ->
    exists start, start <= lo p (S k) s - mid p (S k) s /\
      pieces_hold k s start (hi p (S k) s - mid p (S k) s) (pieces p (S k) s).

(** Step 0, where the sum is at most 0, and the whole. *)
Definition first_holds (upper : R) : Prop :=
  (forall k s, S k = horizon M -> (s < states M)%nat -> reachable (S k) s = true ->
    sum_shown k s (reference p s) (at_most_here (first p s)) (slope p (S k) s) 0 (trees_here (first p s))) /\
  mean (rho M) (fun s => at_most_here (first p s)) S' +
    reach places (radius p) (fun j => mean (rho M) (fun s => slope p (horizon M) s j) S') <= upper.

Definition part_holds (least most : box) (upper : R) : Prop :=
  intervals_hold least most /\ middles_hold /\ claims_hold /\ first_holds upper.

Definition void (least most : box) : Prop :=
  intervals_hold least most /\ exists k s, is_place k s /\ hi p k s < lo p k s.
End Part.

(** *** A whole certificate *)
Definition place_eqb (i j : place) : bool := (fst i =? fst j)%nat && (snd i =? snd j)%nat.
Definition with_end (b : box) (j : place) (a : R) : box := fun i => if place_eqb i j then Some a else b i.
Definition no_end : box := fun _ => None.

Fixpoint cover_holds (C : cover) (least most : box) (upper : R) : Prop :=
  match C with
  | Bounded p => part_holds p least most upper
  | Void p => void p least most
  | Halves j a low high =>
      cover_holds low least (with_end most j a) upper /\ cover_holds high (with_end least j a) most upper
  end.
End Model.

(** ** Sums over places, over what follows, and over cells *)
Section Lists.
Lemma rsum_list_prod {X Y} (f : X * Y -> R) (l : list X) (m : list Y) :
  rsum f (list_prod l m) = rsum (fun x => rsum (fun y => f (x, y)) m) l.
Proof.
  induction l as [|x l IH]; [reflexivity|]. cbn [list_prod rsum]. now rewrite rsum_app, rsum_map, IH.
Qed.

(** What happens with probability 0 does not count in a mean. *)
Lemma mean_le_likely {X} (w f g : X -> R) l : (forall a, In a l -> 0 <= w a) ->
  (forall a, In a l -> w a <> 0 -> f a <= g a) -> mean w f l <= mean w g l.
Proof.
  intros Hw H. apply rsum_le. intros a Ha. destruct (Req_dec (w a) 0) as [->|Hne]; [lra|].
  apply Rmult_le_compat_l; auto.
Qed.

Lemma mean_ext_likely {X} (w f g : X -> R) l : (forall a, In a l -> w a <> 0 -> f a = g a) -> mean w f l = mean w g l.
Proof.
  intros H. apply rsum_ext. intros a Ha. destruct (Req_dec (w a) 0) as [->|Hne]; [ring|]. now rewrite H.
Qed.
End Lists.

(** ** A value that is below a hull, raised to the lowest of its points, which is below it too *)
Lemma raised_point M pts d Z : 0 <= gamma M -> below pts d Z ->
  lowest pts <= Rmax Z (lowest pts) <= highest pts /\
  forall theta, 0 < theta -> theta * Rmax Z (lowest pts) - gamma M * d <= steepest M theta pts.
Proof.
  intros Hg [(x & y & Hx & Hy & Hxy) Hb].
  assert (Hne : pts <> []) by (intros N; rewrite N in Hx; destruct Hx).
  assert (Lx : lowest pts <= snd x) by (pose proof (maximum_above (fun x => - snd x) pts x Hx); unfold lowest; cbv beta in *; lra).
  assert (Hx' : snd x <= highest pts) by now apply (maximum_above snd).
  split.
  - split; [apply Rmax_r|]. apply Rmax_lub; [|lra].
    specialize (Hb 0). rewrite Rmult_0_l, Rminus_0_r in Hb. apply Rle_trans with (1 := Hb).
    unfold support, highest. destruct (maximum_attained (fun x => snd x + 0 * fst x) pts Hne) as (z & Hz & Ez).
    rewrite <- Ez. pose proof (maximum_above snd pts z Hz). lra.
  - intros theta Hth. apply Rmax_case.
    + specialize (Hb (- (gamma M / theta))).
      destruct (maximum_attained (fun x => snd x + - (gamma M / theta) * fst x) pts Hne) as (z & Hz & Ez).
      unfold support in Hb. rewrite <- Ez in Hb.
      pose proof (maximum_above (fun x => theta * snd x - gamma M * fst x) pts z Hz) as L. unfold steepest. cbv beta in L.
      apply Rle_trans with (2 := L). apply Rmult_le_compat_l with (r := theta) in Hb; [|lra].
      replace (theta * (snd z + - (gamma M / theta) * fst z - - (gamma M / theta) * d))
        with (theta * snd z - gamma M * fst z + gamma M * d) in Hb by (field; lra). lra.
    + pose proof (maximum_above (fun x => theta * snd x - gamma M * fst x) pts x Hx) as L. unfold steepest. cbv beta in L.
      apply Rle_trans with (2 := L).
      assert (theta * lowest pts <= theta * snd x) by (apply Rmult_le_compat_l; lra).
      assert (gamma M * fst x <= gamma M * d) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Section Policy.
Variables (M : model) (e : R) (reachable : nat -> nat -> bool) (pi : policy).
Hypothesis HM : is_farsighted M e.
Hypothesis Hclosed : closed M reachable.
Hypothesis Hpi : admissible M pi.
Let S' := seq 0 (states M).
Let A := seq 0 (leader M).
Let B := seq 0 (follower M).
Let places : list place := list_prod (seq 0 (horizon M)) S'.

Definition v_of (k s : nat) : R := e * V M pi k s.

Definition inside (b : box) (above : bool) : Prop :=
  forall k s a, b (k, s) = Some a -> if above then a <= v_of k s else v_of k s <= a.

Lemma successors k s a b : (S k <= horizon M)%nat -> (s < states M)%nat -> (a < leader M)%nat -> (b < follower M)%nat ->
  simplex (P M (horizon M - S k) s a b) S'.
Proof. intros Hk Hs Ha Hb. destruct HM as (_ & _ & _ & _ & _ & _ & _ & HP). apply HP; try assumption. lia. Qed.

Lemma Q_of k s b : (S k <= horizon M)%nat ->
  e * Q_value M pi k s b =
  mean (pi (horizon M - S k)%nat s b)
    (fun a => e * r M (horizon M - S k) s a b + gamma M * mean (P M (horizon M - S k) s a b) (v_of k) S') A.
Proof.
  intros Hk. unfold Q_value, action_value. rewrite <- mean_scale. apply mean_ext. intros a _.
  unfold v_of. rewrite mean_scale. fold S'. ring.
Qed.

Lemma v_step k s : (S k <= horizon M)%nat -> v_of (S k) s = ln (rsum (fun b => exp (e * Q_value M pi k s b)) B).
Proof.
  intros Hk. destruct HM as (Ee & He & _). unfold v_of. rewrite (V_soft M pi e Ee). unfold soft_value, partition.
  fold B. field. lra.
Qed.

Lemma replies_nonempty : B <> [].
Proof. destruct HM as (_ & _ & _ & _ & HB & _). unfold B. destruct (follower M); [lia|discriminate]. Qed.

Section Part.
Variable p : part.
Variables (least most : box).
Hypotheses (Hleast : inside least true) (Hmost : inside most false).

(** *** The intervals hold the policy's values *)
Lemma in_intervals : intervals_hold M e reachable p least most ->
  forall k s, is_place M reachable k s -> lo p k s <= v_of k s <= hi p k s.
Proof.
  intros [H0 H]. destruct HM as (_ & He & Hg & _). destruct Hclosed as [_ Hc].
  intros k. induction k as [|k IH]; intros s [Hk [Hs Hr]].
  - unfold v_of. simpl. rewrite Rmult_0_r. now apply H0.
  - destruct (H k s (conj Hk (conj Hs Hr))) as [HL HH].
    assert (Hstep : forall a b t, (a < leader M)%nat -> (b < follower M)%nat -> In t S' ->
      P M (horizon M - S k) s a b t <> 0 -> lo p k t <= v_of k t <= hi p k t).
    { intros a b t Ha Hb Ht Hne. apply in_seq in Ht. apply IH. split; [lia|]. split; [lia|].
      apply (Hc k s a b t); try assumption; lia. }
    assert (Hsx : forall b, In b B -> simplex (pi (horizon M - S k)%nat s b) A).
    { intros b Hb. apply in_seq in Hb. apply (Hpi (horizon M - S k)%nat s); lia. }
    split.
    + destruct HL as [(a & Ea & La)|(f & Hf & Lf)]; [specialize (Hleast (S k) s a Ea); simpl in Hleast; lra|].
      apply Rle_trans with (1 := Lf). rewrite v_step by lia.
      apply ln_mono; [apply rsum_pos; [exact replies_nonempty|intros; apply exp_pos]|].
      apply rsum_le. intros b Hb. apply exp_mono. rewrite Q_of by lia. apply mean_lower; [now apply Hsx|].
      intros a Ha. apply in_seq in Ha, Hb. eapply Rle_trans; [apply (Hf a b); lia|].
      apply Rplus_le_compat_l, Rmult_le_compat_l; [assumption|]. apply mean_le_likely.
      * apply (successors k s a b); lia.
      * intros t Ht Hne. now apply (Hstep a b t); try lia.
    + destruct HH as [(a & Ea & La)|(f & Hf & Lf)]; [specialize (Hmost (S k) s a Ea); simpl in Hmost; lra|].
      apply Rle_trans with (2 := Lf). rewrite v_step by lia.
      apply ln_mono; [apply rsum_pos; [exact replies_nonempty|intros; apply exp_pos]|].
      apply rsum_le. intros b Hb. apply exp_mono. rewrite Q_of by lia. apply mean_upper; [now apply Hsx|].
      intros a Ha. apply in_seq in Ha, Hb. eapply Rle_trans; [|apply (Hf a b); lia].
      apply Rplus_le_compat_l, Rmult_le_compat_l; [assumption|]. apply mean_le_likely.
      * apply (successors k s a b); lia.
      * intros t Ht Hne. now apply (Hstep a b t); try lia.
Qed.

Definition off (j : place) : R := if reachable (fst j) (snd j) then v_of (fst j) (snd j) - mid p (fst j) (snd j) else 0.

Notation dot := (dot places off).
Definition claim (k s : nat) : Prop := below (points p k s) (off (k, s)) (W M pi k s - dot (slope p k s)).

Section Bounds.
Hypothesis Hint : intervals_hold M e reachable p least most.
Hypothesis Hmid : middles_hold M reachable p.

Lemma off_bounded j : In j places -> Rabs (off j) <= radius p j.
Proof.
  destruct j as [k s]. intros Hj. apply in_prod_iff in Hj. destruct Hj as [Hk Hs]. apply in_seq in Hk, Hs.
  destruct Hmid as (_ & Hr & Hm). unfold off. cbn [fst snd]. destruct (reachable k s) eqn:E.
  - assert (Hp : is_place M reachable k s) by (repeat split; lia || assumption).
    pose proof (in_intervals Hint k s Hp). pose proof (Hm k s Hp). apply Rabs_le. lra.
  - rewrite Rabs_R0. apply Hr.
Qed.

(** *** One stage, with [k] steps to go after it, at a place *)
Section Stage.
Variables (k s : nat).
Hypotheses (Hk : (S k <= horizon M)%nat) (Hs : (s < states M)%nat) (Hr : reachable (S k) s = true).
Hypothesis Hnext : forall t, (t < states M)%nat -> reachable k t = true -> claim k t.
Let h := (horizon M - S k)%nat.
Variables (m lam : R) (c : place -> R).
Let Lam := lam + dot c.

Definition q_here (b a : nat) : R := e * r M h s a b + gamma M * mean (P M h s a b) (v_of k) S' - m.
Definition w_here (b a : nat) : R := u M h s a b + mean (P M h s a b) (W M pi k) S'.

Lemma follows a b t : (a < leader M)%nat -> (b < follower M)%nat -> In t S' -> P M h s a b t <> 0 ->
  reachable k t = true /\ (t < states M)%nat.
Proof.
  intros Ha Hb Ht Hne. apply in_seq in Ht. destruct Hclosed as [_ Hc]. split; [|lia].
  apply (Hc k s a b t); assumption || lia.
Qed.

Lemma dot_of_next loose f : dot (of_next k loose f) = rsum (fun t => if loose t then 0 else f t * off (k, t)) S'.
Proof.
  unfold Leaning.dot, places, place. rewrite rsum_list_prod.
  rewrite (rsum_ext _ (fun k' => if (k' =? k)%nat then rsum (fun t => if loose t then 0 else f t * off (k, t)) S' else 0)).
  - apply rsum_single; [apply seq_NoDup|apply in_seq; lia].
  - intros k' _. unfold of_next. cbn [fst snd]. destruct (Nat.eqb_spec k' k) as [->|].
    + apply rsum_ext. intros t _. destruct (loose t); cbn [andb negb]; ring.
    + rewrite (rsum_ext _ (fun _ => 0)) by (intros; cbn [andb]; ring). apply rsum_zero.
Qed.

(** What free places are worth: raised to the lowest of their points, which changes no claim. *)
Definition raised (t : nat) : R := Rmax (W M pi k t - dot (slope p k t)) (lowest (points p k t)).

Definition pull_of (loose : nat -> bool) (b a : nat) : R :=
  gamma M * mean (P M h s a b) (fun t => if loose t then off (k, t) else 0) S'.
Definition rest_of (loose : nat -> bool) (b a : nat) : R :=
  mean (P M h s a b) (fun t => if loose t then raised t else 0) S'.

Definition reading_of (kind : leaning) (b a : nat) : R :=
  let sigma := slopes_of kind in
  let loose := loose_of kind in
  y_of M p k s sigma loose b a + dot (lean_of M p k s sigma loose b a) + rest_of loose b a.

Lemma exponent_read loose b a : (a < leader M)%nat -> (b < follower M)%nat ->
  q_here b a = x_of M e p k s m b a + dot (push_of M k s loose b a) + pull_of loose b a.
Proof.
  intros Ha Hb. unfold q_here, x_of, push_of, pull_of. fold h. rewrite dot_of_next.
  rewrite (rsum_ext _ (fun t => gamma M * (P M h s a b t * (if loose t then 0 else off (k, t)))))
    by (intros t _; destruct (loose t); ring).
  rewrite rsum_scale. fold (mean (P M h s a b) (fun t => if loose t then 0 else off (k, t)) S').
  assert (E : mean (P M h s a b) (v_of k) S' = mean (P M h s a b) (mid p k) S' +
    mean (P M h s a b) (fun t => if loose t then 0 else off (k, t)) S' +
    mean (P M h s a b) (fun t => if loose t then off (k, t) else 0) S').
  { rewrite <- !mean_plus. apply mean_ext_likely. intros t Ht Hne.
    destruct (follows a b t Ha Hb Ht Hne) as [E _]. unfold off. cbn [fst snd]. rewrite E. destruct (loose t); ring. }
  rewrite E. fold S'. ring.
Qed.

Lemma reading_above kind b a : (b < follower M)%nat -> (a < leader M)%nat -> w_here b a <= reading_of kind b a.
Proof.
  intros Hb Ha. unfold w_here, reading_of, y_of, lean_of, rest_of. fold h.
  set (sigma := slopes_of kind). set (loose := loose_of kind).
  rewrite dot_minus, dot_mean, dot_of_next.
  rewrite (rsum_ext _ (fun t => P M h s a b t * (if loose t then 0 else sigma t * off (k, t))))
    by (intros t _; destruct (loose t); ring).
  fold (mean (P M h s a b) (fun t => if loose t then 0 else sigma t * off (k, t)) S').
  fold S'. rewrite !Rplus_assoc. apply Rplus_le_compat_l.
  unfold Rminus. rewrite !Rplus_assoc.
  apply Rle_trans with (mean (P M h s a b) (fun t => ((if loose t then 0 else support (points p k t) (sigma t)) +
    (dot (slope p k t) - (if loose t then 0 else sigma t * off (k, t)))) + (if loose t then raised t else 0)) S').
  - apply mean_le_likely; [now apply (successors k s a b)|]. intros t Ht Hne.
    destruct (follows a b t Ha Hb Ht Hne) as [E Hts]. destruct (Hnext t Hts E) as [_ Hb'].
    specialize (Hb' (sigma t)). destruct (loose t); [|lra].
    pose proof (Rmax_l (W M pi k t - dot (slope p k t)) (lowest (points p k t))). unfold raised. lra.
  - rewrite mean_plus, mean_plus, mean_minus. lra.
Qed.

(** *** Free places: what they add is between the lowest and the highest points, and below the steepest *)
Lemma raised_below t : (t < states M)%nat -> reachable k t = true ->
  lowest (points p k t) <= raised t <= highest (points p k t) /\
  forall theta, 0 < theta -> theta * raised t - gamma M * off (k, t) <= steepest M theta (points p k t).
Proof. intros Ht E. destruct HM as (_ & _ & Hg & _). apply raised_point; [exact Hg|]. now apply Hnext. Qed.

Lemma free_bounds loose C b : simplex C A -> (b < follower M)%nat ->
  mean C (free_sum M p k s loose lowest b) A <= mean C (rest_of loose b) A <= mean C (free_sum M p k s loose highest b) A /\
  forall theta, 0 < theta ->
    theta * mean C (rest_of loose b) A - mean C (pull_of loose b) A <= mean C (free_sum M p k s loose (steepest M theta) b) A.
Proof.
  intros [HC _] Hb. unfold free_sum, rest_of. fold h.
  assert (Hrow : forall a, In a A -> (a < leader M)%nat /\ forall t, In t S' -> 0 <= P M h s a b t).
  { intros a Ha. apply in_seq in Ha. split; [lia|]. apply (successors k s a b); lia. }
  split; [split|].
  - apply mean_le; [assumption|]. intros a Ha. destruct (Hrow a Ha) as [Ha' HP]. apply mean_le_likely; [assumption|].
    intros t Ht Hne. destruct (follows a b t Ha' Hb Ht Hne) as [E Hts]. destruct (raised_below t Hts E) as [[L _] _]. destruct (loose t); lra.
  - apply mean_le; [assumption|]. intros a Ha. destruct (Hrow a Ha) as [Ha' HP]. apply mean_le_likely; [assumption|].
    intros t Ht Hne. destruct (follows a b t Ha' Hb Ht Hne) as [E Hts]. destruct (raised_below t Hts E) as [[_ L] _]. destruct (loose t); lra.
  - intros theta Hth. rewrite <- mean_scale, <- mean_minus. apply mean_le; [assumption|]. intros a Ha.
    destruct (Hrow a Ha) as [Ha' HP]. unfold pull_of. rewrite <- !mean_scale, <- mean_minus.
    apply mean_le_likely; [assumption|]. intros t Ht Hne. destruct (follows a b t Ha' Hb Ht Hne) as [E Hts].
    destruct (raised_below t Hts E) as [_ L]. specialize (L theta Hth). destruct (loose t); lra.
Qed.

Lemma form_correct kind b C a l : (b < follower M)%nat -> simplex C A -> has_form M e p k s m lam c kind b C a l ->
  applies Lam (base_of kind) (mean C (reading_of kind b) A) /\
  majorant_value Lam (base_of kind) (mean C (q_here b) A) (mean C (reading_of kind b) A) <= a + dot l.
Proof.
  intros Hb HC. set (loose := loose_of kind). set (sigma := slopes_of kind).
  assert (Eq : mean C (q_here b) A = mean C (x_of M e p k s m b) A + dot (fun j => mean C (fun i => push_of M k s loose b i j) A) +
    mean C (pull_of loose b) A).
  { rewrite (dot_mean places off C (fun i j => push_of M k s loose b i j)), <- !mean_plus.
    apply mean_ext. intros i Hi. apply in_seq in Hi. apply exponent_read; lia. }
  assert (Er : mean C (reading_of kind b) A = mean C (y_of M p k s sigma loose b) A +
    dot (fun j => mean C (fun i => lean_of M p k s sigma loose b i j) A) + mean C (rest_of loose b) A).
  { rewrite (dot_mean places off C (fun i j => lean_of M p k s sigma loose b i j)), <- !mean_plus.
    apply mean_ext. reflexivity. }
  assert (none : forall kind', loose = loose_of kind' -> (forall t, loose_of kind' t = false) ->
    mean C (pull_of loose b) A = 0 /\ mean C (rest_of loose b) A = 0).
  { intros kind' -> Hf. unfold pull_of, rest_of. split.
    - rewrite (mean_ext C _ (fun _ => 0)); [apply mean_const, HC|]. intros i _.
      rewrite (mean_ext _ _ (fun _ => 0)) by (intros t _; now rewrite Hf). unfold mean. rewrite rsum_scale_r. ring.
    - rewrite (mean_ext C _ (fun _ => 0)); [apply mean_const, HC|]. intros i _.
      rewrite (mean_ext _ _ (fun _ => 0)) by (intros t _; now rewrite Hf). unfold mean. rewrite rsum_scale_r. ring. }
  destruct (free_bounds loose C b HC Hb) as [Hrest Hpull]. rewrite Eq, Er. clear Eq Er.
  set (x := mean C (x_of M e p k s m b) A). set (y := mean C (y_of M p k s sigma loose b) A).
  set (push := fun j => mean C (fun i => push_of M k s loose b i j) A).
  set (lean := fun j => mean C (fun i => lean_of M p k s sigma loose b i j) A).
  set (pull := mean C (pull_of loose b) A) in *. set (rest := mean C (rest_of loose b) A) in *.
  destruct kind as [n sg|kappa sg|kappa sg lo']; unfold has_form; cbn [base_of slopes_of loose_of] in *;
    subst loose sigma; cbv zeta; fold A; fold x y push lean; fold S'; fold places.
  - destruct (none (LUp n sg) eq_refl (fun _ => eq_refl)) as [-> ->]. intros (Hn & Ha & Hl).
    rewrite !Rplus_0_r. split; [exact Hn|].
    eapply Rle_trans; [apply (up_form places off (radius p) off_bounded lam c n x y push lean Hn)|].
    apply Rplus_le_compat; [exact Ha|]. right. apply dot_ext. intros j _. symmetry. apply Hl.
  - destruct (none (LDown kappa sg) eq_refl (fun _ => eq_refl)) as [-> ->]. intros (theta & Hkp & Hd & H0 & H1 & Ha & Hl).
    rewrite !Rplus_0_r.
    destruct (down_form places off (radius p) off_bounded lam c kappa theta x y push lean Hkp Hd H0 H1) as [F1 F2].
    split; [exact F1|]. eapply Rle_trans; [exact F2|]. apply Rplus_le_compat; [exact Ha|].
    right. apply dot_ext. intros j _. symmetry. apply Hl.
  - intros (chords & Hkp & Hcov & Hch).
    pose proof (gap_moves places off lam c y lean) as Eg. fold Lam in Eg.
    pose proof (dot_reach places off (radius p) off_bounded (tau c lean)) as Rt.
    destruct (Hcov (Lam - (y + dot lean + rest))) as (L & R0 & theta & Hin & HT); [lra|].
    destruct (Hch L R0 theta Hin) as (HL & Hth & Ha & Hl).
    destruct (chord_form places off lam c kappa x y push lean pull rest
      (mean C (free_sum M p k s lo' (steepest M theta) b) A) L R0 theta Hkp HL HT (Hpull theta Hth)) as [F1 F2].
    split; [exact F1|]. eapply Rle_trans; [exact F2|]. apply Rplus_le_compat; [exact Ha|].
    right. apply dot_ext. intros j _. symmetry. apply Hl.
Qed.

(** ** The sum of a stage, and the leader's value *)
Lemma exponent_of b : rsum (pi h s b) A = 1 -> mean (pi h s b) (q_here b) A = e * Q_value M pi k s b - m.
Proof.
  intros H1. unfold q_here. rewrite Q_of by assumption. fold h.
  now rewrite mean_minus, mean_const.
Qed.

Theorem stage_sum G ts : sum_shown M e p k s m lam c G ts ->
  exp (v_of (S k) s - m) * (W M pi (S k) s - Lam) <= G.
Proof.
  intros (proofs & _ & Hcells & HG). apply Rle_trans with (2 := HG).
  destruct HM as (Ee & He & _ & _ & HB & Hpart & _ & _).
  assert (Hh : (h < horizon M)%nat) by (unfold h; lia).
  destruct (Hpi h s Hh Hs) as [Hsx Heq].
  apply Rle_trans with (2 := cells_sum places off (radius p) off_bounded leaning (leader M) Lam q_here w_here base_of
    reading_of (has_form M e p k s m lam c) (fun b => (b < follower M)%nat)
    (fun kind b a Hb Ha => reading_above kind b a Hb Ha) (fun kind b C a l => form_correct kind b C a l)
    (pi h s) (observes M) proofs
    (fun cell Hc => partition_nonempty _ _ cell Hpart Hc)
    (fun cell b Hc Hb => conj (partition_member _ _ cell b Hpart Hc Hb) (Hsx b (partition_member _ _ cell b Hpart Hc Hb)))
    (fun cell b b' a Hc Hb Hb' => Heq cell b b' a Hc Hb Hb') Hcells).
  rewrite <- (rsum_cells (follower M) (observes M)) by assumption. fold B.
  assert (Ev : exp (v_of (S k) s) = rsum (fun b => exp (e * Q_value M pi k s b)) B).
  { rewrite v_step by assumption. apply exp_ln. apply rsum_pos; [exact replies_nonempty|intros; apply exp_pos]. }
  assert (EW : exp (v_of (S k) s) * W M pi (S k) s = rsum (fun b => exp (e * Q_value M pi k s b) * worth_value M pi k s b) B).
  { rewrite (W_given_V M pi e Ee He HB). rewrite <- Rmult_assoc, <- exp_plus. unfold v_of. rewrite Rplus_opp_r, exp_0. apply Rmult_1_l. }
  rewrite (rsum_ext _ (fun b => exp (- m) * (exp (e * Q_value M pi k s b) * worth_value M pi k s b - Lam * exp (e * Q_value M pi k s b)))).
  - rewrite rsum_scale, rsum_minus, rsum_scale, <- Ev, <- EW. unfold Rminus at 1. rewrite exp_plus. right. ring.
  - intros b Hb. apply in_seq in Hb. specialize (Hsx b ltac:(lia)).
    rewrite exponent_of by apply Hsx. unfold Rminus at 1. rewrite exp_plus.
    change (mean (pi h s b) (w_here b) (seq 0 (leader M))) with (worth_value M pi k s b). ring.
Qed.
End Stage.

(** ** Claims, from the last step back *)
Lemma pieces_cover (k s : nat) (Hk : (S k < horizon M)%nat) (Hs : (s < states M)%nat) (Hr : reachable (S k) s = true)
    (Hnext : forall t, (t < states M)%nat -> reachable k t = true -> claim k t) : forall l start,
  start <= off (S k, s) <= hi p (S k) s - mid p (S k) s ->
  pieces_hold M e p k s start (hi p (S k) s - mid p (S k) s) l -> claim (S k) s.
Proof.
  assert (one : forall start q, start <= off (S k, s) <= stop q -> piece_holds M e p k s start q -> claim (S k) s).
  { intros start q Hd (G & middle & K & K' & Hsum & H1 & H2 & B1 & B2).
    apply (piece_below (points p (S k) s) G middle (at_most_here q) start (stop q) _ _ K K' Hd H1 H2 B1 B2).
    pose proof (stage_sum k s ltac:(lia) Hs Hr Hnext (mid p (S k) s) (at_most_here q) (slope p (S k) s) G (trees_here q) Hsum) as St.
    assert (Eo : off (S k, s) = v_of (S k) s - mid p (S k) s) by (unfold off; cbn [fst snd]; now rewrite Hr).
    rewrite Eo. apply value_from_sum in St. lra. }
  intros l. induction l as [|q l IH]; intros start Hd; [intros F; exfalso; apply F; lra|].
  destruct l as [|q' l'].
  - intros [Hq Hlast]. apply (one start q); [lra|assumption].
  - intros [Hq Hrest]. destruct (Rle_or_lt (off (S k, s)) (stop q)) as [L|L].
    + apply (one start q); [lra|assumption].
    + apply (IH (stop q)); [lra|assumption].
Qed.

Theorem claims_true : claims_hold M e reachable p -> forall k s, is_place M reachable k s -> claim k s.
Proof.
  intros [H0 Hc] k. induction k as [|k IH]; intros s Hpl.
  - destruct Hpl as (_ & Hs & Hr). destruct (H0 s Hs) as [Ep Es]. unfold claim. rewrite Ep.
    assert (E1 : off (0%nat, s) = 0).
    { unfold off. cbn [fst snd]. rewrite Hr. destruct Hmid as [Hm _]. rewrite (Hm s Hs). unfold v_of. simpl. ring. }
    rewrite E1. rewrite (dot_ext places off (slope p 0 s) (fun _ => 0)) by (intros; apply Es).
    unfold Leaning.dot. rewrite (rsum_ext _ (fun _ => 0)) by (intros; ring). rewrite rsum_zero. simpl.
    rewrite Rminus_0_r. exact below_nothing.
  - pose proof Hpl as (Hk & Hs & Hr). destruct (Hc k s Hpl) as (start & Hstart & Hp).
    pose proof (in_intervals Hint (S k) s Hpl) as Hv.
    assert (Eo : off (S k, s) = v_of (S k) s - mid p (S k) s) by (unfold off; cbn [fst snd]; now rewrite Hr).
    apply (pieces_cover k s Hk Hs Hr) with (l := pieces p (S k) s) (start := start); [|lra|assumption].
    intros t Ht Hrt. apply IH. repeat split; assumption || lia.
Qed.

(** ** Step 0, and the mean over the first state *)
Theorem first_true upper : claims_hold M e reachable p -> first_holds M e reachable p upper -> J M pi <= upper.
Proof.
  intros Hc [Hf Hsum]. apply Rle_trans with (2 := Hsum). unfold J. fold S'.
  pose proof HM as (_ & _ & _ & HH & _ & _ & [Hrho _] & _). destruct Hclosed as [Hfirst _].
  apply Rle_trans with (mean (rho M) (fun s => at_most_here (first p s) + dot (slope p (horizon M) s)) S').
  - apply mean_le_likely; [assumption|]. intros s Hs Hne. apply in_seq in Hs.
    pose proof (Hfirst s ltac:(lia) Hne) as Hr. assert (EH : S (horizon M - 1) = horizon M) by lia.
    set (k := (horizon M - 1)%nat) in EH. rewrite <- EH in Hr.
    assert (Hnext : forall t, (t < states M)%nat -> reachable k t = true -> claim k t).
    { intros t Ht Hrt. apply (claims_true Hc). repeat split; assumption || lia. }
    pose proof (Hf k s EH ltac:(lia) Hr) as Hshown. rewrite <- EH.
    pose proof (stage_sum k s ltac:(lia) ltac:(lia) Hr Hnext _ _ _ _ _ Hshown) as St.
    exact (value_from_nonpositive_sum _ _ 0 _ St (Rle_refl 0)).
  - rewrite mean_plus. apply Rplus_le_compat_l.
    rewrite <- (dot_mean places off (rho M) (fun s j => slope p (horizon M) s j)).
    apply (dot_reach places off (radius p) off_bounded).
Qed.
End Bounds.

(** What a part proves of a policy whose values lie in its box. *)
Theorem part_sound upper : part_holds M e reachable p least most upper -> J M pi <= upper.
Proof. intros (Hi & Hm & Hc & Hf). now apply first_true. Qed.

Theorem void_sound : void M e reachable p least most -> False.
Proof. intros [Hi (k & s & Hp & H)]. pose proof (in_intervals Hi k s Hp). lra. Qed.
End Part.

(** ** The cover by halves reaches every policy *)
Theorem cover_sound upper : forall C least most, inside least true -> inside most false ->
  cover_holds M e reachable C least most upper -> J M pi <= upper.
Proof.
  induction C as [p|p|j a low IHl high IHh]; intros least most Hl Hm; cbn [cover_holds].
  - now apply part_sound.
  - intros H. now destruct (void_sound p least most Hl Hm).
  - intros [H1 H2]. destruct (Rle_or_lt (v_of (fst j) (snd j)) a) as [L|L].
    + apply (IHl least (with_end most j a)); try assumption. intros k s x. unfold with_end, place_eqb. cbn [fst snd].
      destruct (Nat.eqb_spec k (fst j)) as [->|]; destruct (Nat.eqb_spec s (snd j)) as [->|]; cbn [andb]; try apply Hm.
      intros E. injection E as <-. exact L.
    + apply (IHh (with_end least j a) most); try assumption. intros k s x. unfold with_end, place_eqb. cbn [fst snd].
      destruct (Nat.eqb_spec k (fst j)) as [->|]; destruct (Nat.eqb_spec s (snd j)) as [->|]; cbn [andb]; try apply Hl.
      intros E. injection E as <-. now apply Rlt_le.
Qed.
End Policy.

(** A farsighted certificate whose inequalities hold bounds what every policy of a Markov leader is worth. *)
Theorem farsighted_certificate_sound M e reachable C upper : is_farsighted M e -> closed M reachable ->
  cover_holds M e reachable C no_end no_end upper -> forall pi, admissible M pi -> J M pi <= upper.
Proof.
  intros HM Hclosed H pi Hpi. apply (cover_sound M e reachable pi HM Hclosed Hpi upper C no_end no_end); try assumption.
  - intros k s a E. discriminate.
  - intros k s a E. discriminate.
Qed.
